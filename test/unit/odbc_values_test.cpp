#include "drivers/odbc/values.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/error.hpp"

namespace connector::odbc {
namespace {

constexpr std::int64_t second = 1'000'000, day = 86'400 * second;

class OdbcValues : public ::testing::Test {
 protected:
  /// Stores one value; nothing if it was invalid.
  std::optional<std::uint64_t> store(Decode decode, std::string_view bytes, core::TypeKind kind,
                                     Database database = Database::other, std::int32_t length = 0,
                                     std::int32_t scale = 0, SQLSMALLINT sql_type = 0) {
    core::BatchColumn column{.name = "c"};
    column.type.kind = kind;
    column.type.length = length;
    column.type.scale = scale;
    batch = std::make_unique<core::RowBatch>(std::vector{column}, core::InvalidValues::null);
    counts = {.rounded_times = {0}, .last_moments = {0}};
    store_value({.decode = decode, .sql_type = sql_type, .database = database, .column = 0}, bytes, *batch, counts);
    batch->finish_row();
    if (batch->nulls(0)[0]) return std::nullopt;
    return batch->values(0)[0];
  }
  template <typename Value>
  static std::string_view bytes_of(const Value& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  std::optional<std::int64_t> timestamp(std::string_view text, Database database = Database::other) {
    const auto value = store(Decode::timestamp_text, text, core::TypeKind::timestamp, database);
    return value ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
  }
  /// As it would be printed: by comparing with the same number made from its digits.
  bool is_numeric(std::string_view text, std::string_view expected, std::int32_t precision = 0, std::int32_t scale = 0,
                  Database database = Database::other) {
    const auto value = store(Decode::decimal_text, text, core::TypeKind::numeric, database, precision, scale);
    if (!value) return false;
    const std::string stored(core::varlena_payload(*value).data(), core::varlena_payload(*value).size());
    core::RowBatch other({{.name = "c"}}, core::InvalidValues::error);
    EXPECT_TRUE(other.set_numeric(0, expected, precision > 0 ? scale : 0));
    other.finish_row();
    const auto wanted = core::varlena_payload(other.values(0)[0]);
    return stored == std::string(wanted.data(), wanted.size());
  }
  std::optional<std::string> wide(std::u16string_view units) {
    const auto value =
        store(Decode::wide_text, {reinterpret_cast<const char*>(units.data()), units.size() * 2}, core::TypeKind::text);
    if (!value) return std::nullopt;
    const auto payload = core::varlena_payload(*value);
    return std::string(payload.data(), payload.size());
  }

  std::unique_ptr<core::RowBatch> batch;
  Counts counts;
};

TEST_F(OdbcValues, Utf16BecomesUtf8) {
  EXPECT_EQ(wide(u""), "");
  EXPECT_EQ(wide(u"abc"), "abc");
  EXPECT_EQ(wide(u"plain ASCII of some length"), "plain ASCII of some length");
  EXPECT_EQ(wide(u"abcdé"), "abcd\u00e9");
  EXPECT_EQ(wide(u"a€😀z\u07ff\uffff"), "a€😀z\u07ff\uffff");
  EXPECT_EQ(wide(u"\U0010ffff"), "\U0010ffff");
  const char16_t lone_high[] = {u'a', 0xd83d}, lone_low[] = {0xde00, u'a'}, wrong[] = {0xd83d, u'a', 0xd83d, 0xd83d};
  EXPECT_EQ(wide({lone_high, 2}), std::nullopt);
  EXPECT_EQ(wide({lone_low, 2}), std::nullopt);
  EXPECT_EQ(wide({wrong, 4}), std::nullopt);
  EXPECT_EQ(store(Decode::wide_text, "abc", core::TypeKind::text), std::nullopt);
}

TEST_F(OdbcValues, Decimals) {
  EXPECT_TRUE(is_numeric("123.45", "123.45"));
  EXPECT_TRUE(is_numeric("-.5", "-0.5"));
  EXPECT_TRUE(is_numeric(" +12 ", "12"));
  EXPECT_TRUE(is_numeric("1.5E+3", "1500"));
  EXPECT_TRUE(is_numeric("-1.5e-3", "-0.0015"));
  EXPECT_TRUE(is_numeric("1.23456789012346e+23", "123456789012346000000000"));
  EXPECT_TRUE(is_numeric("12.5", "12.50", 10, 2));
  EXPECT_TRUE(is_numeric("12.500", "12.50", 10, 2));
  for (const char* text : {"", " ", "abc", "1,5", "1e", "e5", "1e9999", "0x10", "1.2.3", "-"}) {
    EXPECT_FALSE(is_numeric(text, "0")) << text;
  }
  // Digits beyond the column's are told of, except where the server sends more than it would show.
  EXPECT_FALSE(is_numeric("12.345", "12.35", 10, 2));
  EXPECT_TRUE(is_numeric("12.345", "12.35", 10, 2, Database::mysql));
  EXPECT_FALSE(is_numeric("123456789.00", "123456789.00", 10, 2));
  EXPECT_TRUE(store(Decode::decimal_text, "NaN", core::TypeKind::numeric));
  EXPECT_TRUE(store(Decode::decimal_text, "-Infinity", core::TypeKind::numeric));
}

TEST_F(OdbcValues, TextOfColumnsThatMayHoldAnything) {
  EXPECT_EQ(store(Decode::integer_text, "-9223372036854775808", core::TypeKind::int8), std::uint64_t{1} << 63);
  EXPECT_EQ(store(Decode::integer_text, "9223372036854775808", core::TypeKind::int8), std::nullopt);
  EXPECT_EQ(store(Decode::integer_text, "12x", core::TypeKind::int8), std::nullopt);
  EXPECT_EQ(store(Decode::integer_text, "", core::TypeKind::int8), std::nullopt);
  EXPECT_EQ(store(Decode::float_text, "1.5", core::TypeKind::float8), std::bit_cast<std::uint64_t>(1.5));
  EXPECT_EQ(store(Decode::float_text, "z", core::TypeKind::float8), std::nullopt);
  EXPECT_EQ(store(Decode::boolean_text, "1", core::TypeKind::boolean), 1U);
  EXPECT_EQ(store(Decode::boolean_text, "false", core::TypeKind::boolean), 0U);
  EXPECT_EQ(store(Decode::boolean_text, "7", core::TypeKind::boolean), std::nullopt);
}

TEST_F(OdbcValues, Timestamps) {
  EXPECT_EQ(timestamp("2000-01-01 00:00:00"), 0);
  EXPECT_EQ(timestamp("2000-01-02T00:00:01.5"), day + second + second / 2);
  EXPECT_EQ(timestamp("2000-01-02"), day);
  EXPECT_EQ(timestamp("2000-01-01 00:00:00.1234567"), 123457);
  EXPECT_EQ(counts.rounded_times[0], 1U);
  for (const char* text : {"0000-00-00 00:00:00", "2020-00-00", "2020-02-30 00:00:00", "hello", "",
                           "2020-01-01 24:00:00", "2020-01-01 00:00:00Z", "2020-01-01 00:00:00 BC"}) {
    EXPECT_EQ(timestamp(text), std::nullopt) << text;
  }
}

TEST_F(OdbcValues, MomentsOfPostgres) {
  EXPECT_EQ(timestamp("9999-01-01 00:00:00 BC", Database::postgres), INT64_MIN);
  EXPECT_EQ(timestamp("0001-12-31 00:00:00 BC", Database::postgres), -730120 * day);
  EXPECT_EQ(counts.last_moments[0], 0U);
  EXPECT_EQ(timestamp("9999-12-31 23:59:59", Database::postgres), 2921940 * day - second);
  EXPECT_EQ(counts.last_moments[0], 1U);
}

TEST_F(OdbcValues, OffsetsAreTakenAway) {
  const auto moment = [&](std::string_view text) {
    return store(Decode::offset_timestamp_text, text, core::TypeKind::timestamptz);
  };
  EXPECT_EQ(moment("2000-01-01 01:30:00.0000000 +01:30"), 0U);
  EXPECT_EQ(moment("1999-12-31 22:00:00 -02:00"), 0U);
  EXPECT_EQ(moment("2000-01-01 00:00:00"), std::nullopt);
}

TEST_F(OdbcValues, Times) {
  const auto time = [&](std::string_view text, Decode decode = Decode::time_text) {
    return store(decode, text, core::TypeKind::time);
  };
  EXPECT_EQ(time("12:34:56.789012"), static_cast<std::uint64_t>((12 * 3600 + 34 * 60 + 56) * second + 789012));
  EXPECT_EQ(time("24:00:00"), static_cast<std::uint64_t>(day));
  EXPECT_EQ(time("24:00:00.1"), std::nullopt);
  EXPECT_EQ(time("-01:00:00"), std::nullopt);
  EXPECT_EQ(time("838:59:59"), std::nullopt);
  const auto value = time("-838:59:59.5", Decode::time_interval_text);
  ASSERT_TRUE(value);
  std::int64_t microseconds;
  std::memcpy(&microseconds, reinterpret_cast<const char*>(*value), sizeof microseconds);
  EXPECT_EQ(microseconds, -((838 * 3600 + 59 * 60 + 59) * second + second / 2));
}

TEST_F(OdbcValues, Structures) {
  const SQL_TIMESTAMP_STRUCT moment{2000, 1, 1, 0, 0, 1, 999'999'999};
  EXPECT_EQ(store(Decode::timestamp, bytes_of(moment), core::TypeKind::timestamp), std::uint64_t{2'000'000});
  EXPECT_EQ(counts.rounded_times[0], 1U);
  for (const SQL_TIMESTAMP_STRUCT& wrong :
       {SQL_TIMESTAMP_STRUCT{0, 0, 0, 0, 0, 0, 0}, SQL_TIMESTAMP_STRUCT{-44, 3, 15, 0, 0, 0, 0},
        SQL_TIMESTAMP_STRUCT{2000, 1, 1, 24, 0, 0, 0}, SQL_TIMESTAMP_STRUCT{2000, 1, 1, 0, 0, 0, 1'000'000'000}}) {
    EXPECT_EQ(store(Decode::timestamp, bytes_of(wrong), core::TypeKind::timestamp), std::nullopt);
  }
  EXPECT_EQ(store(Decode::date, bytes_of(SQL_DATE_STRUCT{2000, 1, 2}), core::TypeKind::date), 1U);
  EXPECT_EQ(store(Decode::time, bytes_of(SQL_TIME_STRUCT{24, 0, 1}), core::TypeKind::time), std::nullopt);
  const SQLGUID guid{0xa0eebc99, 0x9c0b, 0x4ef8, {0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}};
  const auto uuid = store(Decode::uuid, bytes_of(guid), core::TypeKind::uuid);
  ASSERT_TRUE(uuid);
  EXPECT_EQ(std::memcmp(reinterpret_cast<const char*>(*uuid),
                        "\xa0\xee\xbc\x99\x9c\x0b\x4e\xf8\xbb\x6d\x6b\xb9\xbd\x38\x0a\x11", 16),
            0);
}

TEST_F(OdbcValues, Intervals) {
  struct Parts {
    std::int64_t microseconds;
    std::int32_t days;
    std::int32_t months;
    bool operator==(const Parts&) const = default;
  };
  const auto interval = [&](SQLSMALLINT type, std::string_view text) -> std::optional<Parts> {
    const auto value = store(Decode::interval_text, text, core::TypeKind::interval, Database::other, 0, 0, type);
    if (!value) return std::nullopt;
    Parts parts;
    std::memcpy(&parts, reinterpret_cast<const char*>(*value), sizeof parts);
    return parts;
  };
  EXPECT_EQ(interval(SQL_INTERVAL_YEAR, "5"), (Parts{0, 0, 60}));
  EXPECT_EQ(interval(SQL_INTERVAL_YEAR_TO_MONTH, "-5-2"), (Parts{0, 0, -62}));
  EXPECT_EQ(interval(SQL_INTERVAL_DAY, "3"), (Parts{0, 3, 0}));
  EXPECT_EQ(interval(SQL_INTERVAL_DAY_TO_SECOND, "-3 04:05:06.7"),
            (Parts{-((4 * 3600 + 5 * 60 + 6) * second + 700'000), -3, 0}));
  EXPECT_EQ(interval(SQL_INTERVAL_SECOND, "163.5"), (Parts{163 * second + second / 2, 0, 0}));
  EXPECT_EQ(interval(SQL_INTERVAL_MINUTE_TO_SECOND, "163:12"), (Parts{(163 * 60 + 12) * second, 0, 0}));
  EXPECT_EQ(interval(SQL_INTERVAL_DAY, "3 04"), std::nullopt);
  EXPECT_EQ(interval(SQL_INTERVAL_YEAR, "999999999"), std::nullopt);
  EXPECT_EQ(interval(SQL_INTERVAL_HOUR_TO_MINUTE, "x"), std::nullopt);
}

TEST_F(OdbcValues, BitsAndMoney) {
  const auto bits = store(Decode::bits, "\x15", core::TypeKind::bit, Database::mysql, 5);
  ASSERT_TRUE(bits);
  EXPECT_EQ(static_cast<unsigned char>(core::varlena_payload(*bits)[4]), 0xa8);  // 10101 at the left
  EXPECT_EQ(store(Decode::bits, "\x20", core::TypeKind::bit, Database::mysql, 5), std::nullopt);
  EXPECT_TRUE(store(Decode::money_text, "-$92,233.07", core::TypeKind::numeric));
  EXPECT_FALSE(store(Decode::money_text, "92.233,07 \u20ac", core::TypeKind::numeric));
}

}  // namespace
}  // namespace connector::odbc
