#include "drivers/mysql/dialect.hpp"

#include <gtest/gtest.h>

namespace connector::mysql {
namespace {

TEST(MysqlDialect, QuotesIdentifiers) {
  EXPECT_EQ(quote_identifier("plain"), "`plain`");
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_identifier("mañana \"x\" 'y' \\"), "`mañana \"x\" 'y' \\`");
  EXPECT_EQ(quote_table("my db", "t`"), "`my db`.`t```");
}

TEST(MysqlDialect, QuotesLiterals) {
  EXPECT_EQ(quote_literal("plain"), "'plain'");
  EXPECT_EQ(quote_literal("it's"), "'it\\'s'");
  EXPECT_EQ(quote_literal("\\"), "'\\\\'");
  EXPECT_EQ(quote_literal(std::string_view("a\0b", 3)), "'a\\0b'");
}

TEST(MysqlDialect, OrdersCursorsAsPostgresDoes) {
  using core::TypeKind;
  EXPECT_EQ(cursor_order("`c`", {.kind = TypeKind::int8}), "`c`");
  EXPECT_EQ(cursor_order("`c`", {.kind = TypeKind::text}), "CAST(CONVERT(`c` USING utf8mb4) AS BINARY)");
  EXPECT_EQ(cursor_order("`c`", {.kind = TypeKind::jsonb}), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::int8}, "-12"), "-12");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::float8}, "1e-05"), "1e-05");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::float8}, "NaN"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::numeric}, "1; DROP TABLE t"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamptz}, "2024-01-31 10:00:00.5+00"), "'2024-01-31 10:00:00.5'");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamp}, "infinity"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::date}, "0044-03-15 BC"), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::varchar}, "a'é"), "x'6127c3a9'");
}

}  // namespace
}  // namespace connector::mysql
