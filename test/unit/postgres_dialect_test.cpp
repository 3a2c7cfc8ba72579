#include "drivers/postgres/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::postgres {
namespace {

using core::Expression;
using core::Operator;
using core::TypeKind;

TEST(PostgresDialect, ItsTableIsThatOfTheDocuments) {
  EXPECT_EQ(core::testing::documented_rules("postgres"), core::testing::markdown(dialect().rules()));
}

std::optional<std::string> compared(const core::LogicalType& type, std::string value,
                                    Operator operation = Operator::equal) {
  return core::testing::comparison(dialect(), type, std::move(value), operation);
}

/// What stands behind WHERE, for a condition on a column `c` of type text.
std::string on_text(Expression condition, const TextFacts& facts = {}, TypeKind kind = TypeKind::text) {
  const core::Scan scan{.columns = {0}, .where = std::move(condition)};
  const std::string sql =
      core::testing::statement(dialect(facts), scan, core::testing::columns_of_types({{.kind = kind}}));
  return sql.substr(std::min(sql.size(), std::string("SELECT x FROM t WHERE ").size()));
}

Expression is(std::string value, Operator operation = Operator::equal) {
  return Expression::comparison(0, operation, std::move(value));
}

Expression is_one_of(std::vector<std::string> values, Operator operation = Operator::in) {
  Expression condition{.operation = operation, .operands = {Expression::of_column(0)}};
  for (std::string& value : values) condition.operands.push_back(Expression::constant(std::move(value)));
  return condition;
}

TEST(PostgresDialect, IntegersAreWrittenInTheSmallestTypeThatHasThem) {
  EXPECT_EQ(compared({.kind = TypeKind::int2}, "-32768"), "c OPERATOR(pg_catalog.=) '-32768'::pg_catalog.int2");
  EXPECT_EQ(compared({.kind = TypeKind::int2}, "32768"), "c OPERATOR(pg_catalog.=) '32768'::pg_catalog.int4");
  EXPECT_EQ(compared({.kind = TypeKind::int4}, "7", Operator::greater_or_equal),
            "c OPERATOR(pg_catalog.>=) '7'::pg_catalog.int4");
  EXPECT_EQ(compared({.kind = TypeKind::int4}, "2147483648"), "c OPERATOR(pg_catalog.=) '2147483648'::pg_catalog.int8");
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "7"), "c OPERATOR(pg_catalog.=) '7'::pg_catalog.int8");
  EXPECT_EQ(compared({.kind = TypeKind::int4}, "9223372036854775808"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::int4}, ""), std::nullopt);
}

TEST(PostgresDialect, ConstantsHaveTheirTypes) {
  EXPECT_EQ(compared({.kind = TypeKind::float4}, "0.10000000149011612"),
            "c OPERATOR(pg_catalog.=) '0.10000000149011612'::pg_catalog.float8");
  EXPECT_EQ(compared({.kind = TypeKind::timestamptz}, "infinity", Operator::less),
            "c OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz");
  EXPECT_EQ(compared({.kind = TypeKind::bytea}, "\\x00ff"), "c OPERATOR(pg_catalog.=) E'\\\\x00ff'::pg_catalog.bytea");
  // The keyword alone would be bit(1).
  EXPECT_EQ(compared({.kind = TypeKind::bit, .length = 4}, "0101"),
            "c OPERATOR(pg_catalog.=) '0101'::pg_catalog.\"bit\"");
  EXPECT_EQ(compared({.kind = TypeKind::named, .name = "macaddr8"}, "x", Operator::not_equal),
            "c OPERATOR(pg_catalog.<>) 'x'::pg_catalog.macaddr8");
  EXPECT_EQ(compared({.kind = TypeKind::named, .name = "interval day to second(3)"}, "1 day"),
            "c OPERATOR(pg_catalog.=) '1 day'::pg_catalog.interval");
}

TEST(PostgresDialect, WhatAnOlderServerDoesNotHaveIsNotSent) {
  EXPECT_EQ(compared({.kind = TypeKind::numeric}, "Infinity", Operator::less), std::nullopt);
  EXPECT_NE(compared({.kind = TypeKind::numeric}, "NaN"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::interval}, "-infinity"), std::nullopt);
  EXPECT_NE(compared({.kind = TypeKind::float8}, "-Infinity"), std::nullopt);
}

TEST(PostgresDialect, TypesWithoutConditions) {
  for (const char* name : {"money", "text[]", "interval day to second(3)[]", "int4range", "name", "macaddr8[]"}) {
    EXPECT_EQ(compared({.kind = TypeKind::named, .name = name}, "x"), std::nullopt) << name;
    EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::named, .name = name}), std::nullopt) << name;
  }
  for (const TypeKind kind : {TypeKind::json, TypeKind::jsonb, TypeKind::xml, TypeKind::geometry}) {
    EXPECT_EQ(compared({.kind = kind}, "x"), std::nullopt);
  }
}

TEST(PostgresDialect, TextByAnIndexAndByItsBytes) {
  EXPECT_EQ(on_text(is("a'\\é"), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.=) E'a''\\\\é'::pg_catalog.text AND "
            "c OPERATOR(pg_catalog.=) E'a''\\\\é'::pg_catalog.text COLLATE pg_catalog.\"default\"");
  EXPECT_EQ(on_text(is("x"), {.has_collation = false}),
            "c::pg_catalog.text OPERATOR(pg_catalog.=) 'x'::pg_catalog.text COLLATE pg_catalog.\"default\"");
  EXPECT_EQ(on_text(is("x", Operator::not_equal), {}, TypeKind::bpchar),
            "c OPERATOR(pg_catalog.<>) 'x'::pg_catalog.bpchar COLLATE pg_catalog.\"default\"");
  EXPECT_EQ(on_text(is("x", Operator::less), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.<) 'x'::pg_catalog.text COLLATE pg_catalog.\"C\"");
  EXPECT_EQ(on_text(is_one_of({"x", "y"}), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.=) ANY (ARRAY['x'::pg_catalog.text, 'y'::pg_catalog.text]) AND "
            "c OPERATOR(pg_catalog.=) ANY (ARRAY['x'::pg_catalog.text, 'y'::pg_catalog.text] COLLATE "
            "pg_catalog.\"default\")");
  EXPECT_EQ(on_text(is_one_of({"x"}, Operator::not_in), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.<>) ALL (ARRAY['x'::pg_catalog.text] COLLATE pg_catalog.\"default\")");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::varchar}),
            " ORDER BY c COLLATE pg_catalog.\"C\" LIMIT 2");
}

TEST(PostgresDialect, Patterns) {
  EXPECT_EQ(on_text(is("a%\\_", Operator::like), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.~~) E'a%\\\\_'::pg_catalog.text COLLATE pg_catalog.\"C\"");
  EXPECT_EQ(on_text(is("a", Operator::not_like), {}, TypeKind::varchar),
            "c OPERATOR(pg_catalog.!~~) 'a'::pg_catalog.text COLLATE pg_catalog.\"C\"");
  EXPECT_EQ(on_text(is("a\\", Operator::like)), "");
  EXPECT_NE(on_text(is("a\\\\", Operator::like)), "");
  EXPECT_EQ(on_text(is("a", Operator::like), {.is_utf8 = false}), "");
  EXPECT_EQ(on_text(is("a", Operator::like), {}, TypeKind::bpchar), "");
}

TEST(PostgresDialect, TextOfOtherEncodingsIsComparedInUtf8) {
  const TextFacts latin1{.is_utf8 = false};
  const std::string image = "pg_catalog.convert_to(c::pg_catalog.text, 'UTF8') ";
  EXPECT_EQ(on_text(is("é"), latin1), image + "OPERATOR(pg_catalog.=) pg_catalog.decode('c3a9', 'hex')");
  EXPECT_EQ(on_text(is("x  "), latin1, TypeKind::bpchar),
            "c OPERATOR(pg_catalog.=) ANY (ARRAY['x  '::pg_catalog.bpchar]) AND " + image +
                "OPERATOR(pg_catalog.=) pg_catalog.decode('78', 'hex')");
  EXPECT_EQ(on_text(is("x"), {.is_utf8 = false, .has_collation = false}),
            image + "OPERATOR(pg_catalog.=) pg_catalog.decode('78', 'hex')");
  EXPECT_EQ(
      on_text(is_one_of({"x", "é"}), latin1),
      image + "OPERATOR(pg_catalog.=) ANY (ARRAY[pg_catalog.decode('78', 'hex'), pg_catalog.decode('c3a9', 'hex')])");
  EXPECT_EQ(core::testing::first_rows(dialect(latin1), {.kind = TypeKind::varchar}),
            " ORDER BY pg_catalog.convert_to(c::pg_catalog.text, 'UTF8') LIMIT 2");
}

TEST(PostgresDialect, Orders) {
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::numeric}), " ORDER BY c LIMIT 2");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::json}), std::nullopt);
}

}  // namespace
}  // namespace connector::postgres
