#include "reader/row_stream.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.hpp"

namespace connector::reader {
namespace {

using core::InvalidValues;
using core::RowBatch;
using core::TypeKind;
using core::ValueForm;

/// Slots that are kept one after the other.
class Recorder final : public SlotSink, public SlotSource {
 public:
  char* next_slot() override {
    buffer_.assign(slot_bytes, '\x55');
    return buffer_.data();
  }
  void send(std::size_t bytes) override { sent.push_back(buffer_.substr(0, bytes)); }
  std::size_t next_slot(char* to) override {
    if (sent.empty()) return 0;
    const std::string slot = std::move(sent.front());
    sent.pop_front();
    std::memcpy(to, slot.data(), slot.size());
    return slot.size();
  }

  std::deque<std::string> sent;

 private:
  std::string buffer_;
};

core::BatchColumn column(TypeKind kind, ValueForm form = ValueForm::datum) {
  return {.name = "c", .type = {.kind = kind}, .form = form};
}

std::string text(RowBatch& batch, std::size_t column, std::size_t row) {
  const auto bytes = core::varlena_payload(batch.values(column)[row]);
  return {bytes.data(), bytes.size()};
}

/// What comes back of a stream that may hold anything.
RowBatch read(std::vector<core::BatchColumn> columns, std::string_view stream) {
  Recorder recorder;
  while (!stream.empty()) {
    recorder.sent.emplace_back(stream.substr(0, slot_bytes));
    stream.remove_prefix(std::min(slot_bytes, stream.size()));
  }
  RowBatch batch(columns, InvalidValues::error);
  RowReader reader(recorder, columns);
  while (reader.read(batch)) batch.clear();
  return batch;
}

void expect_refused(std::vector<core::BatchColumn> columns, std::string_view stream, std::string_view reason) {
  try {
    read(std::move(columns), stream);
    ADD_FAILURE() << "taken: " << reason;
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::cannot_read);
    EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
  }
}

template <typename Number>
std::string bytes_of(Number number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}

const std::string no_nulls(1, '\0');

TEST(RowStream, ValuesOfEachFormComeAsTheyWent) {
  const std::vector<core::BatchColumn> columns = {column(TypeKind::int4),
                                                  column(TypeKind::float8),
                                                  column(TypeKind::interval),
                                                  column(TypeKind::uuid),
                                                  column(TypeKind::text, ValueForm::text),
                                                  column(TypeKind::bytea),
                                                  column(TypeKind::numeric),
                                                  column(TypeKind::bit),
                                                  column(TypeKind::timestamp),
                                                  column(TypeKind::json, ValueForm::text)};
  RowBatch batch(columns, InvalidValues::error);
  const std::array<unsigned char, 16> uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
  batch.set_int(0, -7);
  batch.set_float8(1, -0.0);
  batch.set_interval(2, -14, 3, -5);
  batch.set_uuid(3, uuid);
  batch.set_bytes(4, "");
  batch.set_bytes(5, std::string_view("\0x", 2));
  ASSERT_TRUE(batch.set_numeric(6, "-1200.50", 2));
  batch.set_bits(7, 3, "\xa0");
  batch.set_microseconds(8, std::numeric_limits<std::int64_t>::max());
  batch.set_bytes(9, "{}");
  batch.finish_row();
  for (std::size_t i = 0; i < columns.size(); ++i) batch.set_null(i);
  batch.finish_row();
  Recorder recorder;
  RowWriter writer(recorder);
  writer.write(batch);
  writer.flush();
  RowBatch got(columns, InvalidValues::error);
  RowReader reader(recorder, columns);
  EXPECT_FALSE(reader.read(got));
  ASSERT_EQ(got.rows(), 2u);
  EXPECT_EQ(got.values(0)[0], batch.values(0)[0]);
  EXPECT_EQ(got.values(1)[0], batch.values(1)[0]);
  for (const std::size_t of_sixteen : {2u, 3u}) {
    EXPECT_EQ(std::memcmp(reinterpret_cast<const void*>(got.values(of_sixteen)[0]),
                          reinterpret_cast<const void*>(batch.values(of_sixteen)[0]), 16),
              0);
  }
  for (const std::size_t of_bytes : {4u, 5u, 6u, 7u, 9u}) EXPECT_EQ(text(got, of_bytes, 0), text(batch, of_bytes, 0));
  EXPECT_EQ(got.values(8)[0], batch.values(8)[0]);
  for (std::size_t i = 0; i < columns.size(); ++i) EXPECT_TRUE(got.nulls(i)[1]) << i;
}

TEST(RowStream, LengthsAroundTheLimitsOfSmallValuesAndSlots) {
  const std::vector<core::BatchColumn> columns = {column(TypeKind::text, ValueForm::text), column(TypeKind::int8)};
  std::vector<std::size_t> lengths = {0, 1, longest_small_value - 1, longest_small_value, longest_small_value + 1};
  for (std::size_t near = slot_bytes - 20; near < slot_bytes + 20; ++near) lengths.push_back(near);
  lengths.push_back(3 * slot_bytes);
  lengths.push_back(5);
  RowBatch batch(columns, InvalidValues::error, lengths.size(), std::size_t{1} << 30);
  for (const std::size_t length : lengths) {
    batch.set_bytes(0, std::string(length, static_cast<char>('a' + length % 26)));
    batch.set_int(1, static_cast<std::int64_t>(length));
    batch.finish_row();
  }
  Recorder recorder;
  RowWriter writer(recorder);
  writer.write(batch);
  writer.flush();
  RowBatch got(columns, InvalidValues::error, 7, std::size_t{1} << 30);
  RowReader reader(recorder, columns);
  std::size_t row = 0;
  for (bool more = true; more; got.clear()) {
    more = reader.read(got);
    for (std::size_t i = 0; i < got.rows(); ++i, ++row) {
      ASSERT_EQ(got.values(1)[i], lengths[row]);
      EXPECT_EQ(text(got, 0, i), text(batch, 0, row));
    }
  }
  EXPECT_EQ(row, lengths.size());
}

TEST(RowStream, ManyColumnsHaveManyFlags) {
  std::vector<core::BatchColumn> columns(1600, column(TypeKind::int2));
  RowBatch batch(columns, InvalidValues::error, 1000, std::size_t{1} << 30);
  for (std::size_t row = 0; row < 100; ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if ((i + row) % 3 == 0) {
        batch.set_null(i);
      } else {
        batch.set_int(i, static_cast<std::int64_t>(i));
      }
    }
    batch.finish_row();
  }
  Recorder recorder;
  RowWriter writer(recorder);
  writer.write(batch);
  writer.flush();
  RowBatch got(columns, InvalidValues::error, 1000, std::size_t{1} << 30);
  RowReader reader(recorder, columns);
  EXPECT_FALSE(reader.read(got));
  ASSERT_EQ(got.rows(), 100u);
  for (std::size_t row = 0; row < 100; ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      ASSERT_EQ(got.nulls(i)[row], (i + row) % 3 == 0);
      if (!got.nulls(i)[row]) {
        ASSERT_EQ(got.values(i)[row], i);
      }
    }
  }
}

TEST(RowStream, WhatEndsInTheMiddleIsNone) {
  const auto text_column = column(TypeKind::text, ValueForm::text);
  expect_refused({column(TypeKind::int4)}, no_nulls, "a row ends in its middle");
  expect_refused({column(TypeKind::int4)}, no_nulls + "1234567", "a row ends in its middle");
  expect_refused({column(TypeKind::uuid)}, no_nulls + std::string(15, 'x'), "a row ends in its middle");
  expect_refused({text_column}, no_nulls + bytes_of(std::uint32_t{4}) + "abc", "a row ends in its middle");
  expect_refused({text_column}, no_nulls + "\x01", "a row ends in its middle");
  expect_refused({text_column}, no_nulls + bytes_of(large) + "1234567", "a row ends in its middle");
  expect_refused({text_column},
                 no_nulls + bytes_of(large) + bytes_of(std::uint64_t{100'000}) + std::string(99'999, 'x'),
                 "a value ends in its middle");
}

TEST(RowStream, LengthsThatAreNone) {
  const auto text_column = column(TypeKind::text, ValueForm::text);
  expect_refused({text_column}, no_nulls + bytes_of(longest_small_value + 1) + std::string(100, 'x'),
                 "longer than it may be");
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{longest_small_value}, std::uint64_t{core::max_value_bytes} + 1,
        std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    expect_refused({text_column}, no_nulls + bytes_of(large) + bytes_of(length) + std::string(100, 'x'),
                   "the length of a long value is none");
  }
}

TEST(RowStream, ValuesThatTheTypeDoesNotHave) {
  const auto refused = [](TypeKind kind, std::int64_t word) {
    expect_refused({column(kind)}, no_nulls + bytes_of(word), "a value is none of its column's type");
  };
  refused(TypeKind::boolean, 2);
  refused(TypeKind::int2, 32768);
  refused(TypeKind::int4, std::int64_t{1} << 31);
  refused(TypeKind::float4, std::int64_t{1} << 32);
  refused(TypeKind::date, std::int64_t{1} << 40);
  refused(TypeKind::date, 2'145'031'949);
  refused(TypeKind::date, -2'451'546);
  refused(TypeKind::time, -1);
  refused(TypeKind::time, 86'400'000'001);
  refused(TypeKind::timestamp, 9'223'371'331'200'000'000);
  refused(TypeKind::timestamptz, -211'813'488'000'000'001);
  const auto payload_refused = [](TypeKind kind, const std::string& payload) {
    expect_refused({column(kind)}, no_nulls + bytes_of(static_cast<std::uint32_t>(payload.size())) + payload,
                   "a value is none of its column's type");
  };
  payload_refused(TypeKind::numeric, "");
  payload_refused(TypeKind::numeric, "\x01");
  payload_refused(TypeKind::numeric, bytes_of(std::uint16_t{0}));  // half a long header
  payload_refused(TypeKind::numeric, bytes_of(std::uint16_t{0x8000}) + bytes_of(std::uint16_t{10000}));  // no digit
  payload_refused(TypeKind::numeric, bytes_of(std::uint16_t{0x8000}) + bytes_of(std::uint16_t{0}));  // a leading zero
  payload_refused(TypeKind::numeric, bytes_of(std::uint16_t{0xe000}));                               // no special value
  payload_refused(TypeKind::numeric, bytes_of(std::uint16_t{0xc000}) + bytes_of(std::uint16_t{1}));
  payload_refused(TypeKind::bit, "abc");
  payload_refused(TypeKind::bit, bytes_of(std::int32_t{-1}));
  payload_refused(TypeKind::varbit, bytes_of(std::int32_t{9}) + "x");
  payload_refused(TypeKind::varbit, bytes_of(std::int32_t{3}) + "\xff");  // bits behind the last one
  payload_refused(TypeKind::bit, bytes_of(std::numeric_limits<std::int32_t>::max()) + "x");
}

TEST(RowStream, EndsOfTheRangesAreValues) {
  const auto taken = [](TypeKind kind, std::int64_t word) {
    EXPECT_EQ(read({column(kind)}, no_nulls + bytes_of(word)).values(0)[0], static_cast<std::uint64_t>(word));
  };
  taken(TypeKind::int2, -32768);
  taken(TypeKind::date, std::numeric_limits<std::int32_t>::min());
  taken(TypeKind::date, std::numeric_limits<std::int32_t>::max());
  taken(TypeKind::date, -2'451'545);
  taken(TypeKind::time, 86'400'000'000);
  taken(TypeKind::timestamp, std::numeric_limits<std::int64_t>::min());
  taken(TypeKind::timestamp, -211'813'488'000'000'000);
}

}  // namespace
}  // namespace connector::reader
