#include "core/rows/logical_type.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

std::string name(TypeKind kind, std::int32_t length = 0, std::int32_t scale = 0) {
  return sql_type_name({.kind = kind, .length = length, .scale = scale, .srid = 0, .name = {}});
}

TEST(LogicalType, NamesAreThoseOfFormatType) {
  EXPECT_EQ(name(TypeKind::boolean), "boolean");
  EXPECT_EQ(name(TypeKind::int2), "smallint");
  EXPECT_EQ(name(TypeKind::int4), "integer");
  EXPECT_EQ(name(TypeKind::int8), "bigint");
  EXPECT_EQ(name(TypeKind::float4), "real");
  EXPECT_EQ(name(TypeKind::float8), "double precision");
  EXPECT_EQ(name(TypeKind::text), "text");
  EXPECT_EQ(name(TypeKind::bytea), "bytea");
  EXPECT_EQ(name(TypeKind::date), "date");
  EXPECT_EQ(name(TypeKind::uuid), "uuid");
  EXPECT_EQ(name(TypeKind::json), "json");
  EXPECT_EQ(name(TypeKind::jsonb), "jsonb");
  EXPECT_EQ(name(TypeKind::xml), "xml");
  EXPECT_EQ(name(TypeKind::geometry), "geometry");
  EXPECT_EQ(name(TypeKind::geography), "geography");
}

TEST(LogicalType, NumericHasPrecisionAndScale) {
  EXPECT_EQ(name(TypeKind::numeric), "numeric");
  EXPECT_EQ(name(TypeKind::numeric, 12, 2), "numeric(12,2)");
  EXPECT_EQ(name(TypeKind::numeric, 20), "numeric(20,0)");
}

TEST(LogicalType, ALengthOfZeroIsNoLimit) {
  EXPECT_EQ(name(TypeKind::varchar), "character varying");
  EXPECT_EQ(name(TypeKind::varchar, 40), "character varying(40)");
  EXPECT_EQ(name(TypeKind::bpchar, 3), "character(3)");
  EXPECT_EQ(name(TypeKind::bpchar), "bpchar");  // "character" would mean character(1)
  EXPECT_EQ(name(TypeKind::bit, 8), "bit(8)");
  EXPECT_EQ(name(TypeKind::bit), "\"bit\"");
  EXPECT_EQ(name(TypeKind::varbit), "bit varying");
  EXPECT_EQ(name(TypeKind::varbit, 5), "bit varying(5)");
}

TEST(LogicalType, DigitsOfASecond) {
  EXPECT_EQ(name(TypeKind::time, -1), "time without time zone");
  EXPECT_EQ(name(TypeKind::time, 0), "time(0) without time zone");
  EXPECT_EQ(name(TypeKind::timetz, 6), "time(6) with time zone");
  EXPECT_EQ(name(TypeKind::timestamp, 3), "timestamp(3) without time zone");
  EXPECT_EQ(name(TypeKind::timestamptz, -1), "timestamp with time zone");
  EXPECT_EQ(name(TypeKind::interval, 2), "interval(2)");
  EXPECT_EQ(name(TypeKind::interval, -1), "interval");
}

TEST(LogicalType, OtherTypesKeepTheirName) {
  EXPECT_EQ(sql_type_name({.kind = TypeKind::named, .name = "int4range[]"}), "int4range[]");
}

TEST(LogicalType, TextKinds) {
  EXPECT_TRUE(is_text_kind(TypeKind::text));
  EXPECT_TRUE(is_text_kind(TypeKind::varchar));
  EXPECT_TRUE(is_text_kind(TypeKind::bpchar));
  EXPECT_FALSE(is_text_kind(TypeKind::json));
  EXPECT_FALSE(is_text_kind(TypeKind::xml));
  EXPECT_FALSE(is_text_kind(TypeKind::bytea));
}

/// One with 4 digits before the point and 5 behind it, of both.
TEST(LogicalType, TheDigitsOfTwoDecimals) {
  const LogicalType whole{.kind = TypeKind::numeric, .length = 5, .scale = 1};
  const LogicalType fine{.kind = TypeKind::numeric, .length = 6, .scale = 5};
  EXPECT_TRUE(have_common_decimal(whole, fine, 9));
  EXPECT_TRUE(have_common_decimal(fine, whole, 9));
  EXPECT_FALSE(have_common_decimal(whole, fine, 8));
  EXPECT_FALSE(have_common_decimal(whole, {.kind = TypeKind::numeric}, 38));
  EXPECT_FALSE(have_common_decimal({.kind = TypeKind::numeric}, whole, 38));
}

}  // namespace
}  // namespace connector::core
