#include "drivers/hive/dialect.hpp"

#include <gtest/gtest.h>

namespace connector::hive {
namespace {

using core::TypeKind;

TEST(HiveDialect, CursorLiteralsBeginWithTheFirstValueThatIsReadAsTheGivenOne) {
  EXPECT_EQ(cursor_literal({.kind = TypeKind::int8}, "-12"), "CAST('-12' AS BIGINT)");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::date}, "2024-02-29"), "CAST('2024-02-29' AS DATE)");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "2024-03-01 00:00:00"),
            "CAST('2024-02-29 23:59:59.999999500' AS TIMESTAMP)");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "1900-01-01 10:00:00.123457"),
            "CAST('1900-01-01 10:00:00.123456500' AS TIMESTAMP)");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "9999-12-31 23:59:59.5"),
            "CAST('9999-12-31 23:59:59.499999500' AS TIMESTAMP)");
}

TEST(HiveDialect, WhatIsNoValueIsNoLiteral) {
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "infinity"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "0044-03-15 10:00:00 BC"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::int8}, "1 OR 1=1"), std::nullopt);
}

}  // namespace
}  // namespace connector::hive
