#include "core/rows/row_batch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

RowBatch batch_of(TypeKind kind, InvalidValues invalid_values = InvalidValues::error) {
  return RowBatch({{.name = "c", .type = {.kind = kind}}}, invalid_values);
}

std::string payload(RowBatch& batch, std::size_t column = 0, std::size_t row = 0) {
  const auto bytes = varlena_payload(batch.values(column)[row]);
  return {bytes.data(), bytes.size()};
}

const char* address(RowBatch& batch, std::size_t row = 0) {
  return reinterpret_cast<const char*>(static_cast<std::uintptr_t>(batch.values(0)[row]));
}

TEST(RowBatch, HoldsFixedWidthValuesAsTheirDatum) {
  RowBatch batch = batch_of(TypeKind::int8);
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    batch.set_int(0, value);
    batch.finish_row();
  }
  ASSERT_EQ(batch.rows(), 3u);
  EXPECT_EQ(batch.values(0)[0], 0u);
  EXPECT_EQ(batch.values(0)[1], 0xffffffffffffffffu);  // sign-extended
  EXPECT_EQ(batch.values(0)[2], 0x8000000000000000u);
  EXPECT_EQ(batch.bytes(), 24u);
}

TEST(RowBatch, HoldsFloatsAsTheirBits) {
  RowBatch batch = batch_of(TypeKind::float8);
  batch.set_float8(0, -2.5);
  batch.finish_row();
  batch.set_float4(0, -2.5f);
  batch.finish_row();
  batch.set_bool(0, true);
  batch.finish_row();
  batch.set_date(0, -1);
  batch.finish_row();
  EXPECT_EQ(batch.values(0)[0], 0xc004000000000000u);
  EXPECT_EQ(batch.values(0)[1], 0xffffffffc0200000u);  // PostgreSQL extends the sign of a float4's bits
  EXPECT_EQ(batch.values(0)[2], 1u);
  EXPECT_EQ(batch.values(0)[3], 0xffffffffffffffffu);
}

TEST(RowBatch, NullsAreFlagsOfTheirRow) {
  RowBatch batch = batch_of(TypeKind::int4);
  batch.set_int(0, 1);
  batch.finish_row();
  batch.set_null(0);
  batch.finish_row();
  batch.set_int(0, 2);
  batch.finish_row();
  EXPECT_FALSE(batch.nulls(0)[0]);
  EXPECT_TRUE(batch.nulls(0)[1]);
  EXPECT_FALSE(batch.nulls(0)[2]);
  batch.clear();
  batch.set_int(0, 3);
  batch.finish_row();
  batch.set_int(0, 4);  // the place of the NULL before
  batch.finish_row();
  EXPECT_FALSE(batch.nulls(0)[1]);
}

TEST(RowBatch, AVarlenaHasAFourByteHeaderAndANulBehindIt) {
  RowBatch batch = batch_of(TypeKind::text);
  batch.set_bytes(0, "hello");
  batch.finish_row();
  std::uint32_t header;
  std::memcpy(&header, address(batch), 4);
  if constexpr (std::endian::native == std::endian::little) {
    EXPECT_EQ(header, 9u << 2);
  } else {
    EXPECT_EQ(header, 9u);
  }
  EXPECT_STREQ(address(batch) + 4, "hello");
  EXPECT_EQ(payload(batch), "hello");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(address(batch)) % 8, 0u);
}

TEST(RowBatch, HoldsEmptyAndBinaryValues) {
  RowBatch batch = batch_of(TypeKind::bytea);
  batch.set_bytes(0, {});
  batch.finish_row();
  batch.set_bytes(0, std::string_view("\0\xff\0", 3));
  batch.finish_row();
  EXPECT_EQ(payload(batch), "");
  EXPECT_EQ(payload(batch, 0, 1), std::string("\0\xff\0", 3));
}

TEST(RowBatch, ValuesStayWhileOthersAreAdded) {
  RowBatch batch({{.name = "c"}}, InvalidValues::error, 1000, std::size_t{1} << 40);
  for (int i = 0; i < 1000; ++i) {
    batch.set_bytes(0, std::string(static_cast<std::size_t>(i) * 7, static_cast<char>('a' + i % 26)));
    batch.finish_row();
  }
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(payload(batch, 0, static_cast<std::size_t>(i)),
              std::string(static_cast<std::size_t>(i) * 7, static_cast<char>('a' + i % 26)));
  }
}

TEST(RowBatch, ReservedBytesAreFilledInPlace) {
  RowBatch batch = batch_of(TypeKind::text);
  std::memcpy(batch.reserve_bytes(0, 3), "abc", 3);
  batch.finish_row();
  EXPECT_EQ(payload(batch), "abc");
  EXPECT_EQ(address(batch)[7], '\0');
}

TEST(RowBatch, RefusesValuesBeyondOneGigabyte) {
  RowBatch batch = batch_of(TypeKind::text, InvalidValues::null);
  try {
    batch.reserve_bytes(0, max_value_bytes + 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::cannot_load);
    EXPECT_STREQ(error.what(), "column \"c\", row 1: value of 1073741819 bytes is too large");
  }
}

TEST(RowBatch, IsFullByRows) {
  RowBatch batch({{.name = "c"}}, InvalidValues::error, 2);
  EXPECT_FALSE(batch.full());
  batch.set_null(0);
  batch.finish_row();
  EXPECT_FALSE(batch.full());
  batch.set_null(0);
  batch.finish_row();
  EXPECT_TRUE(batch.full());
  batch.clear();
  EXPECT_FALSE(batch.full());
}

TEST(RowBatch, IsFullByBytesAndASingleRowMayGoBeyond) {
  RowBatch batch({{.name = "c"}}, InvalidValues::error, 1000, 100);
  batch.set_bytes(0, std::string(50, 'x'));
  batch.finish_row();
  EXPECT_FALSE(batch.full());
  batch.set_bytes(0, std::string(1000, 'x'));
  batch.finish_row();
  EXPECT_TRUE(batch.full());
  EXPECT_GT(batch.bytes(), 1050u);
  batch.clear();
  EXPECT_EQ(batch.bytes(), 0u);
  EXPECT_EQ(batch.rows(), 0u);
}

TEST(RowBatch, AnIntervalIsStoredAsPostgresDoes) {
  RowBatch batch = batch_of(TypeKind::interval);
  batch.set_interval(0, -14, 3, -5'000'001);
  batch.finish_row();
  std::int64_t microseconds;
  std::int32_t days;
  std::int32_t months;
  std::memcpy(&microseconds, address(batch), 8);
  std::memcpy(&days, address(batch) + 8, 4);
  std::memcpy(&months, address(batch) + 12, 4);
  EXPECT_EQ(microseconds, -5'000'001);
  EXPECT_EQ(days, 3);
  EXPECT_EQ(months, -14);
}

TEST(RowBatch, AUuidIsItsSixteenBytes) {
  std::array<unsigned char, 16> bytes;
  for (unsigned char i = 0; i < 16; ++i) bytes[i] = static_cast<unsigned char>(i * 16);
  RowBatch batch = batch_of(TypeKind::uuid);
  batch.set_uuid(0, bytes);
  batch.finish_row();
  EXPECT_EQ(std::memcmp(address(batch), bytes.data(), 16), 0);
}

std::string bits_image(std::int32_t bits, std::string_view bytes) {
  RowBatch batch = batch_of(TypeKind::varbit);
  batch.set_bits(0, bits, bytes);
  batch.finish_row();
  std::string image = payload(batch);
  std::int32_t stored;
  std::memcpy(&stored, image.data(), 4);
  EXPECT_EQ(stored, bits);
  return image.substr(4);
}

TEST(RowBatch, BitsHaveTheirNumberBeforeThemAndZerosBehind) {
  EXPECT_EQ(bits_image(8, "\xa5"), "\xa5");
  EXPECT_EQ(bits_image(3, "\xff"), "\xe0");
  EXPECT_EQ(bits_image(9, "\xff\xff"), "\xff\x80");
  EXPECT_EQ(bits_image(16, "\xff"), std::string("\xff\0", 2));
  EXPECT_EQ(bits_image(4, "\xf1\xff\xff"), "\xf0");
  EXPECT_EQ(bits_image(0, ""), "");
}

TEST(RowBatch, AnInvalidValueIsAnErrorThatTellsWhere) {
  RowBatch batch({{.name = "a"}, {.name = "größe", .type = {.kind = TypeKind::numeric, .length = 4, .scale = 1}}},
                 InvalidValues::error, 2);
  for (int i = 0; i < 2; ++i) {
    batch.set_null(0);
    batch.set_null(1);
    batch.finish_row();
  }
  batch.clear();
  batch.set_null(0);
  batch.set_null(1);
  batch.finish_row();
  try {
    batch.set_invalid(1, "number is too large", "12345.6");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::cannot_load);
    EXPECT_STREQ(error.what(), "column \"größe\", row 4: number is too large: \"12345.6\"");
    EXPECT_EQ(error.detail(), "Phase convert, local type numeric(4,1).\nConnector error 2001.");
    EXPECT_NE(error.hint().find("\"invalid_values\""), std::string::npos);
  }
  EXPECT_EQ(batch.invalid_counts()[1], 0u);
}

TEST(RowBatch, AnInvalidValueTellsWhoseItIsAndTheTypeAskedFor) {
  RowBatch batch({{.name = "a", .provider = "mysql", .local_type = "integer"}}, InvalidValues::error);
  try {
    batch.set_invalid(0, "no number", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.detail(), "Provider mysql, phase convert, local type integer.\nConnector error 2001.");
  }
}

std::string shown(std::string_view value) {
  RowBatch batch = batch_of(TypeKind::date);
  try {
    batch.set_invalid(0, "bad", value);
  } catch (const Error& error) {
    const std::string message = error.what();
    return message.substr(std::string("column \"c\", row 1: bad: ").size());
  }
  return "no error";
}

TEST(RowBatch, AShownValueIsCutAtACharacterAndEscaped) {
  EXPECT_EQ(shown("2024-02-30"), "\"2024-02-30\"");
  EXPECT_EQ(shown(std::string(100, 'x')), '"' + std::string(100, 'x') + '"');
  EXPECT_EQ(shown(std::string(101, 'x')), '"' + std::string(100, 'x') + "...\"");
  EXPECT_EQ(shown(std::string(99, 'x') + "é"), '"' + std::string(99, 'x') + "...\"");
  EXPECT_EQ(shown(std::string("a\0b\n\x7f", 5)), "\"a\\x00b\\x0a\\x7f\"");
  EXPECT_EQ(shown("caf\xe9"), "\"caf\\xe9\"");
}

TEST(RowBatch, AnInvalidValueBecomesNullWhereAsked) {
  RowBatch batch = batch_of(TypeKind::date, InvalidValues::null);
  batch.set_int(0, 1);
  batch.finish_row();
  batch.set_invalid(0, "no such day", "2024-02-30");
  batch.finish_row();
  batch.set_int(0, 2);
  batch.finish_row();
  EXPECT_FALSE(batch.nulls(0)[0]);
  EXPECT_TRUE(batch.nulls(0)[1]);
  EXPECT_EQ(batch.invalid_counts()[0], 1u);
  batch.reject(0, 2, "too late", "2");
  EXPECT_TRUE(batch.nulls(0)[2]);
  batch.clear();
  EXPECT_EQ(batch.invalid_counts()[0], 2u);  // counted since the batch was made
}

TEST(RowBatch, TheLoaderRejectsAValueOfAFinishedRow) {
  RowBatch batch = batch_of(TypeKind::json);
  for (int i = 0; i < 3; ++i) {
    batch.set_bytes(0, "{");
    batch.finish_row();
  }
  try {
    batch.reject(0, 1, "invalid input", "{");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "column \"c\", row 2: invalid input: \"{\"");
  }
  try {
    batch.reject(0, 2, "invalid input", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "column \"c\", row 3: invalid input");
  }
}

TEST(RowBatch, TextInAnotherEncodingHasItsOwnNumber) {
  RowBatch batch = batch_of(TypeKind::text);
  try {
    batch.set_invalid(0, "not valid", "\xe9", ErrorNumber::encoding);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::encoding);
    EXPECT_NE(error.hint().find("\"encoding\""), std::string::npos);
    EXPECT_NE(error.hint().find("\"invalid_values\""), std::string::npos);
  }
}

TEST(RowBatch, CountsTheRowsOfEarlierBatches) {
  RowBatch batch = batch_of(TypeKind::int4);
  EXPECT_EQ(batch.rows_before(), 0u);
  for (int i = 0; i < 3; ++i) {
    batch.set_int(0, i);
    batch.finish_row();
  }
  batch.clear();
  EXPECT_EQ(batch.rows_before(), 3u);
  batch.clear();
  EXPECT_EQ(batch.rows_before(), 3u);
}

}  // namespace
}  // namespace connector::core
