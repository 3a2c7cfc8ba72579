#include "drivers/sqlserver/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::sqlserver {
namespace {

TEST(SqlServerDialect, Quotes) {
  EXPECT_EQ(quote_identifier("a]b"), "[a]]b]");
  EXPECT_EQ(quote_table("d", "s", "t]"), "[d].[s].[t]]]");
  EXPECT_EQ(quote_literal("it's \\"), "N'it''s \\'");
}

TEST(SqlServerDialect, LimitsBehindSelect) {
  EXPECT_EQ(core::testing::statement(dialect(), {.columns = {0}, .limit = 7}, core::testing::columns_of_types({{}})),
            "SELECT TOP (7) x FROM t");
}

TEST(SqlServerDialect, ConditionsStayHere) {
  EXPECT_EQ(core::testing::comparison(dialect(), {.kind = core::TypeKind::int4}, "1"), std::nullopt);
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = core::TypeKind::int4}), std::nullopt);
}

}  // namespace
}  // namespace connector::sqlserver
