#include "drivers/mysql/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::mysql {
namespace {

TEST(MysqlDialect, ItsTableIsThatOfTheDocuments) {
  EXPECT_EQ(core::testing::documented_rules("mysql"), core::testing::markdown(dialect().rules()));
}

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

TEST(MysqlDialect, ComparesAndOrdersAsPostgresDoes) {
  using core::TypeKind;
  const auto compared = [](TypeKind kind, std::string value) {
    return core::testing::comparison(dialect(), {.kind = kind}, std::move(value));
  };
  EXPECT_EQ(compared(TypeKind::int8, "-12"), "c >= -12");
  EXPECT_EQ(compared(TypeKind::float8, "1e-05"), "c >= 1e-05");
  EXPECT_EQ(compared(TypeKind::float8, "NaN"), std::nullopt);
  EXPECT_EQ(compared(TypeKind::numeric, "1; DROP TABLE t"), std::nullopt);
  EXPECT_EQ(compared(TypeKind::timestamptz, "2024-01-31 10:00:00.5+00"), "c >= '2024-01-31 10:00:00.5'");
  EXPECT_EQ(compared(TypeKind::timestamp, "infinity"), std::nullopt);
  EXPECT_EQ(compared(TypeKind::date, "0044-03-15 BC"), std::nullopt);
  EXPECT_EQ(compared(TypeKind::varchar, "a'é"), "CAST(CONVERT(c USING utf8mb4) AS BINARY) >= x'6127c3a9'");
  EXPECT_EQ(compared(TypeKind::jsonb, "1"), std::nullopt);
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::int8}), " ORDER BY c LIMIT 2");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::text}),
            " ORDER BY CAST(CONVERT(c USING utf8mb4) AS BINARY) LIMIT 2");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::jsonb}), std::nullopt);
}

TEST(MysqlDialect, DatesThatAreNullHereAreKeptByMostComparisons) {
  using core::Operator;
  const std::vector<core::RemoteColumn> columns = core::testing::columns_of_types({{.kind = core::TypeKind::date}});
  const auto support = [&](Operator operation) {
    return dialect().support(core::Expression::comparison(0, operation, "2024-01-31"), columns);
  };
  EXPECT_EQ(support(Operator::equal), core::Support::exact);
  EXPECT_EQ(support(Operator::less), core::Support::narrowing);
  EXPECT_EQ(support(Operator::greater_or_equal), core::Support::narrowing);
}

}  // namespace
}  // namespace connector::mysql
