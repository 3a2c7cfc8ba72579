#include "drivers/hive/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::hive {
namespace {

using core::TypeKind;

std::optional<std::string> compared(const core::LogicalType& type, std::string value,
                                    core::Operator operation = core::Operator::greater_or_equal) {
  return core::testing::comparison(dialect(), type, std::move(value), operation);
}

TEST(HiveDialect, NamesAndPatterns) {
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_table("d", "t"), "`d`.`t`");
  EXPECT_EQ(escape_pattern("a_b%c\\d"), "a\\_b\\%c\\\\d");
}

TEST(HiveDialect, Constants) {
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "-12"), "c >= CAST('-12' AS BIGINT)");
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "-9223372036854775808"), "c >= CAST('-9223372036854775808' AS BIGINT)");
  EXPECT_EQ(compared({.kind = TypeKind::numeric, .length = 10, .scale = 2}, "1.50"),
            "c >= CAST('1.50' AS DECIMAL(38,2))");
  EXPECT_EQ(compared({.kind = TypeKind::date}, "2024-02-29"), "c >= CAST('2024-02-29' AS DATE)");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::int8}), " ORDER BY c LIMIT 2");
}

TEST(HiveDialect, TimestampsBeginWithTheFirstOneThatIsReadAsTheGivenOne) {
  EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "2024-03-01 00:00:00"),
            "c >= CAST('2024-02-29 23:59:59.999999500' AS TIMESTAMP)");
  EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "1900-01-01 10:00:00.123457"),
            "c >= CAST('1900-01-01 10:00:00.123456500' AS TIMESTAMP)");
  EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "9999-12-31 23:59:59.5", core::Operator::less),
            "c < CAST('9999-12-31 23:59:59.499999500' AS TIMESTAMP)");
  for (const core::Operator other : {core::Operator::equal, core::Operator::greater, core::Operator::less_or_equal}) {
    EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "2024-03-01 00:00:00", other), std::nullopt);
  }
}

TEST(HiveDialect, WhatHiveComparesOtherwiseOrDoesNotHave) {
  EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "infinity"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::timestamp}, "0044-03-15 10:00:00 BC"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "1 OR 1=1"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::date}, "x' OR '1"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::text}, "a"), std::nullopt);
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::text}), std::nullopt);
}

}  // namespace
}  // namespace connector::hive
