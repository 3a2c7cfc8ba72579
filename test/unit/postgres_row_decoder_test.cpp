#include "drivers/postgres/row_decoder.hpp"

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "drivers/postgres/copy_reader.hpp"

namespace connector::postgres {
namespace {

using core::BatchColumn;
using core::InvalidValues;
using core::RowBatch;

/// COPY data as a server sends it.
class Stream {
 public:
  Stream() { raw(std::string("PGCOPY\n\377\r\n\0", 11)).int32(0).int32(0); }
  Stream& raw(const std::string& bytes) {
    bytes_ += bytes;
    return *this;
  }
  Stream& int16(int value) { return number(static_cast<std::uint16_t>(value), 2); }
  Stream& int32(std::int64_t value) { return number(static_cast<std::uint32_t>(value), 4); }
  Stream& row(int fields) { return int16(fields); }
  Stream& null() { return int32(-1); }
  Stream& field(const std::string& bytes) { return int32(static_cast<std::int64_t>(bytes.size())).raw(bytes); }
  Stream& end() { return int16(-1); }
  std::span<const unsigned char> bytes() const {
    return {reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size()};
  }

 private:
  Stream& number(std::uint64_t value, int size) {
    for (int i = size - 1; i >= 0; --i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string bytes_;
};

std::string big_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

RowBatch batch_of(std::size_t columns, std::size_t max_rows = 100) {
  std::vector<BatchColumn> list(columns);
  for (std::size_t i = 0; i < columns; ++i) list[i].name = "c" + std::to_string(i);
  return RowBatch(list, InvalidValues::error, max_rows);
}

/// The one value that `bytes` are.
std::uint64_t decode_one(Decode decode, const std::string& bytes, RowBatch& batch) {
  CopyReader reader({decode});
  Stream stream;
  stream.row(1).field(bytes).end();
  reader.add(stream.bytes());
  EXPECT_FALSE(reader.fill(batch));
  reader.finish();
  EXPECT_EQ(batch.rows(), 1u);
  EXPECT_FALSE(batch.nulls(0)[0]);
  return batch.values(0)[0];
}

std::int64_t decode_int(Decode decode, const std::string& bytes) {
  RowBatch batch = batch_of(1);
  return static_cast<std::int64_t>(decode_one(decode, bytes, batch));
}

/// The words of the failure; empty = none.
std::string failure(const std::vector<Decode>& decodes, const Stream& stream) {
  RowBatch batch = batch_of(decodes.size());
  CopyReader reader(decodes);
  reader.add(stream.bytes());
  try {
    while (reader.fill(batch)) batch.clear();
    reader.finish();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::cannot_read);
    return error.message();
  }
  return "";
}

TEST(PostgresRowDecoder, Integers) {
  EXPECT_EQ(decode_int(Decode::boolean, "\1"), 1);
  EXPECT_EQ(decode_int(Decode::boolean, std::string(1, '\0')), 0);
  EXPECT_EQ(decode_int(Decode::int2, "\x80" + std::string(1, '\0')), -32768);
  EXPECT_EQ(decode_int(Decode::int4, big_endian(0xfffffffe, 4)), -2);
  EXPECT_EQ(decode_int(Decode::int8, big_endian(1ull << 63, 8)), std::numeric_limits<std::int64_t>::min());
}

TEST(PostgresRowDecoder, Floats) {
  EXPECT_EQ(decode_int(Decode::float4, big_endian(std::bit_cast<std::uint32_t>(-1.5f), 4)),
            std::bit_cast<std::int32_t>(-1.5f));
  RowBatch batch = batch_of(1);
  EXPECT_EQ(decode_one(Decode::float8, big_endian(std::bit_cast<std::uint64_t>(0.1), 8), batch),
            std::bit_cast<std::uint64_t>(0.1));
}

TEST(PostgresRowDecoder, DatesAndTimesInRange) {
  EXPECT_EQ(decode_int(Decode::date, big_endian(static_cast<std::uint32_t>(-2451545), 4)), -2451545);
  EXPECT_EQ(decode_int(Decode::date, big_endian(0x7fffffff, 4)), INT32_MAX);
  EXPECT_EQ(decode_int(Decode::date, big_endian(0x80000000, 4)), INT32_MIN);
  EXPECT_EQ(decode_int(Decode::time, big_endian(86400000000, 8)), 86400000000);
  EXPECT_EQ(decode_int(Decode::timestamp, big_endian(1ull << 63, 8)), INT64_MIN);
  EXPECT_EQ(decode_int(Decode::timestamp, big_endian(9223371331199999999ull, 8)), 9223371331199999999);
}

TEST(PostgresRowDecoder, DatesAndTimesOutOfRange) {
  const std::pair<Decode, std::string> wrong[] = {
      {Decode::date, big_endian(static_cast<std::uint32_t>(-2451546), 4)},
      {Decode::date, big_endian(2145031949, 4)},
      {Decode::time, big_endian(86400000001, 8)},
      {Decode::time, big_endian(~0ull, 8)},
      {Decode::timestamp, big_endian(9223371331200000000ull, 8)},
      {Decode::timestamp, big_endian(static_cast<std::uint64_t>(-211813488000000001), 8)},
  };
  for (const auto& [decode, bytes] : wrong) {
    EXPECT_EQ(failure({decode}, Stream().row(1).field(bytes).end()),
              "could not read rows: a value of column \"c0\" is out of range");
  }
}

TEST(PostgresRowDecoder, IntervalAndUuid) {
  RowBatch batch = batch_of(2);
  CopyReader reader({Decode::interval, Decode::uuid});
  const std::string uuid = "0123456789abcdef";
  Stream stream;
  stream.row(2)
      .field(big_endian(5, 8) + big_endian(static_cast<std::uint32_t>(-3), 4) + big_endian(7, 4))
      .field(uuid)
      .end();
  reader.add(stream.bytes());
  EXPECT_FALSE(reader.fill(batch));
  std::int64_t microseconds;
  std::int32_t days, months;
  const char* interval = reinterpret_cast<const char*>(batch.values(0)[0]);
  std::memcpy(&microseconds, interval, 8);
  std::memcpy(&days, interval + 8, 4);
  std::memcpy(&months, interval + 12, 4);
  EXPECT_EQ(microseconds, 5);
  EXPECT_EQ(days, -3);
  EXPECT_EQ(months, 7);
  EXPECT_EQ(std::memcmp(reinterpret_cast<const char*>(batch.values(1)[0]), uuid.data(), 16), 0);
}

std::string numeric(std::vector<int> digits, int weight, int sign, int scale) {
  std::string bytes = big_endian(digits.size(), 2) + big_endian(static_cast<std::uint16_t>(weight), 2) +
                      big_endian(static_cast<std::uint64_t>(sign), 2) +
                      big_endian(static_cast<std::uint64_t>(scale), 2);
  for (const int digit : digits) bytes += big_endian(static_cast<std::uint64_t>(digit), 2);
  return bytes;
}

/// The same number stored from decimal text.
std::string stored_text(const std::string& text, int scale) {
  RowBatch batch = batch_of(1);
  EXPECT_TRUE(batch.set_numeric(0, text, scale));
  batch.finish_row();
  const auto payload = core::varlena_payload(batch.values(0)[0]);
  return {payload.begin(), payload.end()};
}

std::string stored(const std::string& wire) {
  RowBatch batch = batch_of(1);
  const auto payload = core::varlena_payload(decode_one(Decode::numeric, wire, batch));
  return {payload.begin(), payload.end()};
}

TEST(PostgresRowDecoder, Numerics) {
  EXPECT_EQ(stored(numeric({}, 0, 0, 0)), stored_text("0", 0));
  EXPECT_EQ(stored(numeric({}, 0, 0x4000, 2)), stored_text("0.00", 2));
  EXPECT_EQ(stored(numeric({12, 3450}, 0, 0x4000, 3)), stored_text("-12.345", 3));
  EXPECT_EQ(stored(numeric({1}, 20, 0, 0)), stored_text("1" + std::string(80, '0'), 0));
  EXPECT_EQ(stored(numeric({1}, -1, 0, 4)), stored_text("0.0001", 4));
  // Zeros at the ends, which a server need not leave out.
  EXPECT_EQ(stored(numeric({0, 7, 0}, 1, 0, 0)), stored_text("7", 0));
}

TEST(PostgresRowDecoder, NumericsHideNothingBehindTheirScale) {
  EXPECT_EQ(stored(numeric({12, 3456}, 0, 0, 2)), stored_text("12.34", 2));
  EXPECT_EQ(stored(numeric({12, 3456, 7000}, 0, 0, 0)), stored_text("12", 0));
  EXPECT_EQ(stored(numeric({5}, -1, 0, 3)), stored_text("0", 3));
  EXPECT_EQ(stored(numeric({5}, -30000, 0x4000, 3)), stored_text("0", 3));
}

TEST(PostgresRowDecoder, SpecialNumerics) {
  for (const int sign : {0xc000, 0xd000, 0xf000}) {
    const auto bits = static_cast<std::uint16_t>(sign);
    EXPECT_EQ(stored(numeric({}, 0, sign, 0)), std::string(reinterpret_cast<const char*>(&bits), 2));
  }
}

TEST(PostgresRowDecoder, MalformedNumerics) {
  for (const std::string& bytes :
       {std::string(), std::string(7, '\0'), numeric({1}, 0, 0, 0) + "x", numeric({1}, 0, 0, 0).substr(0, 9),
        numeric({10000}, 0, 0, 0), numeric({1}, 0, 0x1234, 0), numeric({1}, 0, 0, 0x4000)}) {
    EXPECT_NE(failure({Decode::numeric}, Stream().row(1).field(bytes).end()), "");
  }
}

TEST(PostgresRowDecoder, NullsAndEmptyValues) {
  RowBatch batch = batch_of(2);
  CopyReader reader({Decode::int8, Decode::bytes});
  Stream stream;
  stream.row(2).null().field("").row(2).field(big_endian(9, 8)).null().end();
  reader.add(stream.bytes());
  EXPECT_FALSE(reader.fill(batch));
  ASSERT_EQ(batch.rows(), 2u);
  EXPECT_TRUE(batch.nulls(0)[0]);
  EXPECT_EQ(core::varlena_payload(batch.values(1)[0]).size(), 0u);
  EXPECT_EQ(batch.values(0)[1], 9u);
  EXPECT_TRUE(batch.nulls(1)[1]);
}

TEST(PostgresRowDecoder, WrongSizes) {
  for (const Decode decode : {Decode::boolean, Decode::int2, Decode::int4, Decode::int8, Decode::float4, Decode::float8,
                              Decode::date, Decode::time, Decode::timestamp, Decode::interval, Decode::uuid}) {
    for (const std::size_t size : {0, 3, 17}) {
      EXPECT_EQ(failure({decode}, Stream().row(1).field(std::string(size, '\1')).end()),
                "could not read rows: a value of column \"c0\" has a wrong size");
    }
  }
}

TEST(PostgresCopyReader, AnySplit) {
  Stream stream;
  for (int i = 0; i < 3; ++i) stream.row(2).field(big_endian(static_cast<std::uint64_t>(i), 4)).field("word");
  stream.end();
  const auto all = stream.bytes();
  for (std::size_t step = 1; step <= all.size(); ++step) {
    RowBatch batch = batch_of(2, 2);
    CopyReader reader({Decode::int4, Decode::bytes});
    std::size_t rows = 0;
    std::vector<unsigned char> piece, before;
    for (std::size_t at = 0; at < all.size(); at += step) {
      const auto part = all.subspan(at, std::min(step, all.size() - at));
      piece.assign(part.begin(), part.end());
      reader.add(piece);
      before.swap(piece);
      while (reader.fill(batch)) {
        rows += batch.rows();
        batch.clear();
      }
    }
    reader.finish();
    rows += batch.rows();
    EXPECT_EQ(rows, 3u) << "in steps of " << step;
  }
}

TEST(PostgresCopyReader, MalformedStreams) {
  const auto fails = [](const Stream& stream) { return failure({Decode::int4}, stream); };
  EXPECT_EQ(fails(Stream()), "could not read rows: the rows of the server end too early");
  EXPECT_EQ(fails(Stream().row(1)), "could not read rows: the rows of the server end too early");
  EXPECT_EQ(fails(Stream().row(2).null().null()),
            "could not read rows: a row of the server has 2 fields in place of 1");
  EXPECT_EQ(fails(Stream().row(-2)), "could not read rows: a row of the server has -2 fields in place of 1");
  EXPECT_EQ(fails(Stream().row(1).int32(-2)), "could not read rows: a value of the server has a negative length");
  EXPECT_EQ(fails(Stream().row(1).int32(0x7fffffff)),
            "could not read rows: a row of the server is longer than rows can be");
  EXPECT_EQ(fails(Stream().end().row(1)), "could not read rows: the server sends something behind its rows");
}

TEST(PostgresCopyReader, MalformedHeaders) {
  const auto fails = [](const std::string& header) {
    const std::span<const unsigned char> bytes(reinterpret_cast<const unsigned char*>(header.data()), header.size());
    RowBatch batch = batch_of(1);
    CopyReader reader({Decode::int4});
    reader.add(bytes);
    try {
      reader.fill(batch);
    } catch (const core::Error&) {
      return true;
    }
    return false;
  };
  const std::string signature("PGCOPY\n\377\r\n\0", 11);
  EXPECT_TRUE(fails("PGCOPY\r\n" + std::string(11, '\0')));
  EXPECT_TRUE(fails(signature + big_endian(1 << 16, 4) + big_endian(0, 4)));
  EXPECT_TRUE(fails(signature + big_endian(0, 4) + big_endian(0xffffffff, 4)));
  // An extension, and flags that may be ignored.
  EXPECT_FALSE(fails(signature + big_endian(1, 4) + big_endian(3, 4) + "abc" + big_endian(0xffff, 2)));
}

}  // namespace
}  // namespace connector::postgres
