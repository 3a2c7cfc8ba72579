#include "drivers/hive/values.hpp"

#include <gtest/gtest.h>

#include "drivers/hive/nested_text.hpp"

namespace connector::hive {
namespace {

constexpr std::int64_t day = 86'400'000'000;

TEST(HiveValues, Dates) {
  EXPECT_EQ(parse_date("2000-01-01"), 0);
  EXPECT_EQ(parse_date("1999-12-31"), -1);
  EXPECT_EQ(parse_date("0001-01-01"), -730119);
  EXPECT_EQ(parse_date("0000-12-31"), -730120);  // 1 BC
  EXPECT_EQ(parse_date("-0001-01-01"), -730850);
  EXPECT_EQ(parse_date("9999-12-31"), 2921939);
  EXPECT_EQ(parse_date("+12345-06-07"), 3778591);
  for (const char* text : {"", "2000-1-1", "2000-02-30", "2000-13-01", "2000-00-10", "2000-01-01 ", "2000-01-01x",
                           "-4713-01-01", "99999-01-01", "00-01-01", "2000/01/01", "NULL"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(HiveValues, Timestamps) {
  EXPECT_EQ(parse_timestamp("2000-01-01 00:00:00"), 0);
  EXPECT_EQ(parse_timestamp("2000-01-01 00:00:00.0"), 0);
  EXPECT_EQ(parse_timestamp("2000-01-02 00:00:01.5"), day + 1'500'000);
  EXPECT_EQ(parse_timestamp("2000-01-01 00:00:00.123456789"), 123'457);
  EXPECT_EQ(parse_timestamp("2000-01-01 00:00:00.0000005"), 1);
  EXPECT_EQ(parse_timestamp("1999-12-31 23:59:59.9999995"), 0);  // into the next day
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00"), -10957 * day);
  for (const char* text :
       {"", "2000-01-01", "2000-01-01T00:00:00", "2000-01-01 24:00:00", "2000-01-01 00:60:00", "2000-01-01 00:00:60",
        "2000-01-01 00:00:00.", "2000-01-01 00:00:00.0123456789", "2000-01-01 00:00:00 UTC", "2000-01-01 0:00:00"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(HiveValues, Intervals) {
  EXPECT_EQ(parse_months("1-2"), 14);
  EXPECT_EQ(parse_months("-1-2"), -14);
  EXPECT_EQ(parse_months("0-0"), 0);
  EXPECT_EQ(parse_months("-178956970-8"), INT32_MIN);
  EXPECT_FALSE(parse_months("178956970-8"));
  EXPECT_FALSE(parse_months("1"));
  EXPECT_FALSE(parse_months("1-2-3"));
  EXPECT_FALSE(parse_months("999999999-1"));
  const auto interval = parse_days("-3 04:05:06.000000500");
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->days, -3);
  EXPECT_EQ(interval->microseconds, -((4 * 60 + 5) * 60 + 6) * std::int64_t{1'000'000} - 1);
  EXPECT_FALSE(parse_days("3"));
  EXPECT_FALSE(parse_days("9999999999 00:00:00"));
}

std::string json_of(std::string_view text) {
  std::string repaired;
  const auto json = nested_json(text, repaired);
  return json ? std::string(*json) : "none";
}

TEST(HiveValues, NestedValuesAsJson) {
  EXPECT_EQ(json_of(R"([1,2,null])"), R"([1,2,null])");
  EXPECT_EQ(json_of(R"({"x":1,"y":"a:b,c}"})"), R"({"x":1,"y":"a:b,c}"})");
  EXPECT_EQ(json_of(R"({1:"a",2:"b"})"), R"({"1":"a","2":"b"})");
  EXPECT_EQ(json_of(R"([{1.5:{true:["x,{1:2}"]}},{}])"), R"([{"1.5":{"true":["x,{1:2}"]}},{}])");
  EXPECT_EQ(json_of(R"({1:"a\",2:\"b"})"), R"({"1":"a\",2:\"b"})");
  EXPECT_EQ(json_of(R"({0:"x"})"), R"({"0":"x"})");
  EXPECT_EQ(json_of("[NaN]"), "none");
  EXPECT_EQ(json_of("{1:"), "none");
  EXPECT_EQ(json_of("{1"), "none");
  EXPECT_EQ(json_of("{\""), "none");
  EXPECT_EQ(json_of("{1:\"\\"), "none");
  EXPECT_EQ(json_of(""), "none");
  EXPECT_EQ(json_of("[\"a\nb\"]"), "none");
}

}  // namespace
}  // namespace connector::hive
