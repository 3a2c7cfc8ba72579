#include "drivers/sqlserver/value_decoder.hpp"

#include <cstring>
#include <limits>
#include <optional>

#include <gtest/gtest.h>
#include <sybfront.h>
#include <sybdb.h>

#include "core/base/error.hpp"

namespace connector::sqlserver {
namespace {

constexpr std::int64_t day = 86'400'000'000;
constexpr std::uint64_t second = 10'000'000;  // of 100 ns

template <typename Struct>
std::vector<unsigned char> bytes_of(const Struct& value) {
  std::vector<unsigned char> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

core::RowBatch decoded(Decode decode, const std::vector<unsigned char>& bytes) {
  core::RowBatch batch({{.name = "c"}}, core::InvalidValues::error);
  decode_value(decode, bytes, 0, batch);
  batch.finish_row();
  return batch;
}

template <typename Struct>
std::int64_t integer(Decode decode, const Struct& value) {
  core::RowBatch batch = decoded(decode, bytes_of(value));
  return static_cast<std::int64_t>(batch.values(0)[0]);
}

std::string payload(Decode decode, const std::vector<unsigned char>& bytes) {
  core::RowBatch batch = decoded(decode, bytes);
  const auto found = core::varlena_payload(batch.values(0)[0]);
  return {found.data(), found.size()};
}

/// The payload of the same number by the way of text.
std::string numeric(const char* text, int scale) {
  core::RowBatch batch({{.name = "c"}}, core::InvalidValues::error);
  EXPECT_TRUE(batch.set_numeric(0, text, scale));
  batch.finish_row();
  const auto found = core::varlena_payload(batch.values(0)[0]);
  return {found.data(), found.size()};
}

DBDATETIMEALL moment(int date, std::uint64_t time) {
  DBDATETIMEALL value{};
  value.date = date;
  value.time = time;
  return value;
}

DBNUMERIC decimal(int precision, int scale, bool negative, std::initializer_list<unsigned char> magnitude) {
  DBNUMERIC value{};
  value.precision = static_cast<unsigned char>(precision);
  value.scale = static_cast<unsigned char>(scale);
  value.array[0] = negative ? 1 : 0;
  std::size_t at = 1;
  for (const unsigned char byte : magnitude) value.array[at++] = byte;
  return value;
}

TEST(SqlServerValues, Integers) {
  EXPECT_EQ(integer(Decode::boolean, DBBIT{1}), 1);
  EXPECT_EQ(integer(Decode::uint8, DBTINYINT{255}), 255);
  EXPECT_EQ(integer(Decode::int16, std::numeric_limits<DBSMALLINT>::min()), -32768);
  EXPECT_EQ(integer(Decode::int32, std::numeric_limits<DBINT>::min()), -2147483648LL);
  EXPECT_EQ(integer(Decode::int64, std::numeric_limits<DBBIGINT>::max()), 9223372036854775807LL);
}

TEST(SqlServerValues, Money) {
  EXPECT_EQ(payload(Decode::money8, bytes_of(DBMONEY{std::numeric_limits<DBINT>::min(), 0})),
            numeric("-922337203685477.5808", 4));
  EXPECT_EQ(payload(Decode::money8, bytes_of(DBMONEY{std::numeric_limits<DBINT>::max(), 0xffffffff})),
            numeric("922337203685477.5807", 4));
  EXPECT_EQ(payload(Decode::money8, bytes_of(DBMONEY{-1, 0xffffffff})), numeric("-0.0001", 4));
  EXPECT_EQ(payload(Decode::money4, bytes_of(DBMONEY4{-2147483647 - 1})), numeric("-214748.3648", 4));
}

TEST(SqlServerValues, Decimals) {
  EXPECT_EQ(payload(Decode::numeric, bytes_of(decimal(5, 2, false, {0x00, 0x30, 0x39}))), numeric("123.45", 2));
  EXPECT_EQ(payload(Decode::numeric, bytes_of(decimal(2, 0, true, {99}))), numeric("-99", 0));
  // 10^38 - 1
  const auto largest = decimal(
      38, 0, true, {0x4b, 0x3b, 0x4c, 0xa8, 0x5a, 0x86, 0xc4, 0x7a, 0x09, 0x8a, 0x22, 0x3f, 0xff, 0xff, 0xff, 0xff});
  EXPECT_EQ(payload(Decode::numeric, bytes_of(largest)), numeric("-99999999999999999999999999999999999999", 0));
  auto small = largest;
  small.scale = 38;
  EXPECT_EQ(payload(Decode::numeric, bytes_of(small)), numeric("-0.99999999999999999999999999999999999999", 38));
  for (const auto& wrong : {decimal(0, 0, false, {}), decimal(39, 0, false, {}), decimal(5, 6, false, {})}) {
    EXPECT_THROW(decoded(Decode::numeric, bytes_of(wrong)), core::Error);
  }
  auto huge = largest;
  huge.array[1] = 0xff;
  EXPECT_THROW(decoded(Decode::numeric, bytes_of(huge)), core::Error);
}

/// A decimal in a column of this precision and scale; nothing if it became NULL.
std::optional<std::string> fitted(int precision, int scale, const DBNUMERIC& value) {
  core::BatchColumn column{.name = "c"};
  column.type.kind = core::TypeKind::numeric;
  column.type.length = precision;
  column.type.scale = scale;
  core::RowBatch batch({column}, core::InvalidValues::null);
  decode_value(Decode::numeric, bytes_of(value), 0, batch);
  batch.finish_row();
  if (batch.nulls(0)[0]) return std::nullopt;
  const auto found = core::varlena_payload(batch.values(0)[0]);
  return std::string(found.data(), found.size());
}

TEST(SqlServerValues, DecimalsNeverGoBeyondTheirColumn) {
  EXPECT_EQ(fitted(5, 2, decimal(5, 2, true, {0x00, 0x30, 0x39})), numeric("-123.45", 2));
  EXPECT_EQ(fitted(7, 4, decimal(5, 2, false, {0x00, 0x30, 0x39})), numeric("123.4500", 4));
  EXPECT_EQ(fitted(5, 1, decimal(5, 2, false, {0x00, 0x30, 0x34})), numeric("123.4", 1));
  EXPECT_EQ(fitted(5, 1, decimal(5, 2, false, {0x00, 0x30, 0x39})), std::nullopt);  // the last digit would be lost
  EXPECT_EQ(fitted(6, 4, decimal(5, 2, false, {0x00, 0x30, 0x39})), std::nullopt);  // 123 has three digits
  EXPECT_EQ(fitted(38, 38, decimal(38, 2, true, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x45})), std::nullopt);
  EXPECT_EQ(fitted(5, 2, decimal(5, 2, false, {0xff, 0xff, 0xff})), std::nullopt);  // more than its own precision
  EXPECT_EQ(fitted(38, 0, decimal(38, 0, false, {0})), numeric("0", 0));
  try {
    core::BatchColumn column{.name = "c"};
    column.type.kind = core::TypeKind::numeric;
    column.type.length = column.type.scale = 2;
    core::RowBatch batch({column}, core::InvalidValues::error);
    decode_value(Decode::numeric, bytes_of(decimal(5, 2, true, {0x00, 0x00, 0x69})), 0, batch);
    ADD_FAILURE() << "it was stored";
  } catch (const core::Error& error) {
    EXPECT_NE(error.message().find("column \"c\", row 1: does not fit"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("-1.05"), std::string::npos) << error.message();
  }
}

TEST(SqlServerValues, OldDates) {
  EXPECT_EQ(integer(Decode::datetime, DBDATETIME{36524, 0}), 0);
  EXPECT_EQ(integer(Decode::datetime, DBDATETIME{36524, 1}), 3000);  // shown as .003
  EXPECT_EQ(integer(Decode::datetime, DBDATETIME{36524, 2}), 7000);
  EXPECT_EQ(integer(Decode::datetime, DBDATETIME{36524, 25919999}), day - 3000);        // 23:59:59.997
  EXPECT_EQ(integer(Decode::datetime, DBDATETIME{-53690, 0}), (-53690 - 36524) * day);  // 1753
  EXPECT_EQ(integer(Decode::smalldatetime, DBDATETIME4{65535, 1439}), (65535 - 36524) * day + 1439 * 60'000'000LL);
  EXPECT_THROW(decoded(Decode::datetime, bytes_of(DBDATETIME{0, 25920000})), core::Error);
  EXPECT_THROW(decoded(Decode::datetime, bytes_of(DBDATETIME{0, -1})), core::Error);
  EXPECT_THROW(decoded(Decode::smalldatetime, bytes_of(DBDATETIME4{0, 1440})), core::Error);
}

TEST(SqlServerValues, NewDates) {
  EXPECT_EQ(integer(Decode::date, moment(-693595, 0)), -693595 - 36524);  // 0001-01-01
  EXPECT_EQ(integer(Decode::date, moment(2958463, 0)), 2958463 - 36524);  // 9999-12-31
  EXPECT_EQ(integer(Decode::datetime2, moment(36524, 12 * 3600 * second + 1234567)), day / 2 + 123457);
  EXPECT_EQ(integer(Decode::datetime2, moment(36523, 864'000'000'000 - 1)), 0);  // up to the next day
  // … but not beyond the last one.
  EXPECT_EQ(integer(Decode::datetime2, moment(2958463, 864'000'000'000 - 1)), (2958463 - 36524 + 1) * day - 1);
  EXPECT_EQ(integer(Decode::datetimeoffset, moment(36524, second)), 1'000'000);
  EXPECT_THROW(decoded(Decode::date, bytes_of(moment(2958464, 0))), core::Error);
  EXPECT_THROW(decoded(Decode::datetime2, bytes_of(moment(0, 864'000'000'000))), core::Error);
}

TEST(SqlServerValues, WhatIsBeyondTheCalendarIsAnInvalidValue) {
  const auto counted = [](Decode decode, const auto& value) {
    core::RowBatch batch({{.name = "c"}}, core::InvalidValues::null);
    decode_value(decode, bytes_of(value), 0, batch);
    batch.finish_row();
    return batch.invalid_counts()[0];
  };
  EXPECT_EQ(counted(Decode::datetime, DBDATETIME{0, 25920000}), 1U);
  EXPECT_EQ(counted(Decode::smalldatetime, DBDATETIME4{0, 1440}), 1U);
  EXPECT_EQ(counted(Decode::date, moment(2958464, 0)), 1U);
  EXPECT_EQ(counted(Decode::datetime2, moment(0, 864'000'000'000)), 1U);
  EXPECT_EQ(counted(Decode::time, moment(0, 864'000'000'001)), 1U);
}

TEST(SqlServerValues, TheEndOfTheDayIsATime) {
  EXPECT_EQ(integer(Decode::time, moment(0, 864'000'000'000)), day);  // Babelfish rounds up to 24:00:00
}

TEST(SqlServerValues, TimesRoundAsTheServerDoes) {
  EXPECT_EQ(round_time(14), 1);
  EXPECT_EQ(round_time(15), 2);
  EXPECT_EQ(round_time(864'000'000'000 - 6), day - 1);
  EXPECT_EQ(round_time(864'000'000'000 - 1), 0);  // CAST('23:59:59.9999999' AS time(6))
}

TEST(SqlServerValues, Uuid) {
  const std::vector<unsigned char> wire{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                                        0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
  core::RowBatch batch = decoded(Decode::uuid, wire);
  const auto* bytes = reinterpret_cast<const unsigned char*>(static_cast<std::uintptr_t>(batch.values(0)[0]));
  for (unsigned i = 0; i < 16; ++i) EXPECT_EQ(bytes[i], i * 0x11);
}

TEST(SqlServerValues, TextAndBytes) {
  EXPECT_EQ(payload(Decode::text, {}), "");
  EXPECT_EQ(payload(Decode::text, {'a', 0, 'b'}), std::string("a\0b", 3));
  EXPECT_EQ(payload(Decode::bytes, {0, 255}), std::string("\0\xff", 2));
}

TEST(SqlServerValues, BytesAsDigits) {
  const auto digits = [](const std::vector<unsigned char>& bytes) {
    core::RowBatch batch({{.name = "c"}}, core::InvalidValues::error);
    set_digits(bytes, 0, batch);
    batch.finish_row();
    const auto found = core::varlena_payload(batch.values(0)[0]);
    return std::string(found.data(), found.size());
  };
  EXPECT_EQ(digits({}), "0x");
  EXPECT_EQ(digits({0x00, 0x01, 0xff, 0xa5}), "0x0001FFA5");
}

TEST(SqlServerValues, Geometry) {
  const std::vector<unsigned char> point{0, 0, 0x10, 0xe6, 1, 1, 0, 0, 0, 1, 2, 3, 4,
                                         5, 6, 7,    8,    1, 2, 3, 4, 5, 6, 7, 8};
  const std::string ewkb = payload(Decode::geometry, point);
  EXPECT_EQ(ewkb.substr(0, 9), std::string("\x01\x01\0\0\x20\xe6\x10\0\0", 9));
  EXPECT_EQ(ewkb.size(), point.size());
  EXPECT_THROW(decoded(Decode::geometry, {0, 0, 0}), core::Error);
  EXPECT_THROW(decoded(Decode::geometry, {0, 0, 0, 0, 7, 1, 0, 0, 0}), core::Error);
}

TEST(SqlServerValues, WrongSizes) {
  const std::vector<unsigned char> three(3);
  for (int decode = 0; decode <= static_cast<int>(Decode::uuid); ++decode) {
    EXPECT_THROW(decoded(static_cast<Decode>(decode), three), core::Error) << decode;
  }
}

}  // namespace
}  // namespace connector::sqlserver
