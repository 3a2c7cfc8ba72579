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

/// What stands behind WHERE, for a condition on a column `c` of type text, of a table or of a query.
std::string on_text(Expression condition, const TextFacts& facts = {}, TypeKind kind = TypeKind::text,
                    const std::string& collation = "pg_catalog.default") {
  const core::Scan scan{.columns = {0}, .where = std::move(condition)};
  std::vector<core::RemoteColumn> columns = core::testing::columns_of_types({{.kind = kind}});
  columns[0].collation = collation;
  const std::string sql = core::testing::statement(dialect(facts), scan, columns);
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
  EXPECT_EQ(on_text(is("x"), {}, TypeKind::text, ""),
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
  EXPECT_EQ(on_text(is("x"), latin1, TypeKind::text, ""),
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

// Columns beside columns

core::RemoteColumn column(core::LogicalType type, std::string collation = {}) {
  core::RemoteColumn column;
  column.type = std::move(type);
  column.collation = std::move(collation);
  column.remote_type = column.type.kind == TypeKind::text ? "text" : "";
  return column;
}

core::RemoteColumn text(const std::string& collation, TypeKind kind = TypeKind::text) {
  return column({.kind = kind}, collation);
}

Expression between(Operator operation) {
  return {.operation = operation, .operands = {Expression::of_column(0), Expression::of_column(1)}};
}

/// What an inner join of two columns stands upon; empty if the server can't be asked so.
std::string on(const core::RemoteColumn& left, const core::RemoteColumn& right, Operator operation = Operator::equal,
               const TextFacts& facts = {}) {
  const std::vector<core::RemoteColumn> columns{left, right};
  const core::Scan scan{.columns = {0}, .joins = {{.on = between(operation)}}};
  if (!dialect(facts).joins(scan.joins[0], columns)) return "";
  const auto name = [](std::size_t index) { return index == 0 ? std::string("r0.a") : std::string("r1.b"); };
  const std::string sql = dialect(facts).select(
      scan, {.list = "x", .from = "t AS r0", .column = name, .condition = {}, .joined = {"u AS r1"}}, columns);
  const std::string begin = "SELECT x FROM t AS r0 INNER JOIN u AS r1 ON ";
  EXPECT_TRUE(sql.starts_with(begin)) << sql;
  return sql.substr(begin.size());
}

TEST(PostgresDialect, TextsOfTwoColumnsAreComparedByTheirBytes) {
  const std::string equal = "r0.a OPERATOR(pg_catalog.=) r1.b COLLATE pg_catalog.";
  EXPECT_EQ(on(text("pg_catalog.default"), text("pg_catalog.default")), equal + "\"default\"");
  EXPECT_EQ(on(text("pg_catalog.C"), text("pg_catalog.C")), equal + "\"C\"");
  EXPECT_EQ(on(text("pg_catalog.C"), text("pg_catalog.default", TypeKind::varchar)), equal + "\"C\"");
  EXPECT_EQ(on(text("pg_catalog.C"), text("pg_catalog.de-x-icu")), equal + "\"de-x-icu\"");
  // One that somebody made may find more equal, or may not be named by everybody.
  EXPECT_EQ(on(text("public.loose"), text("public.loose")), equal + "\"default\"");
  EXPECT_EQ(on(text("pg_catalog.C"), text("public.loose")), equal + "\"C\"");
  EXPECT_EQ(on(text(""), text("")), equal + "\"default\"");
  EXPECT_EQ(on(text("pg_catalog.default"), text("pg_catalog.de_DE"), Operator::less),
            "r0.a OPERATOR(pg_catalog.<) r1.b COLLATE pg_catalog.\"C\"");
  core::RemoteColumn mood = text("");
  mood.remote_type = "public.mood";
  EXPECT_EQ(on(mood, mood),
            "r0.a::pg_catalog.text OPERATOR(pg_catalog.=) r1.b::pg_catalog.text COLLATE pg_catalog.\"default\"");
  EXPECT_EQ(on(text("pg_catalog.C", TypeKind::bpchar), text("pg_catalog.C", TypeKind::bpchar)), equal + "\"C\"");
  EXPECT_EQ(on(text("pg_catalog.C", TypeKind::bpchar), text("pg_catalog.C")), "");
  EXPECT_EQ(on(text("pg_catalog.C"), text("pg_catalog.C"), Operator::equal, {.is_utf8 = false}),
            "pg_catalog.convert_to(r0.a::pg_catalog.text, 'UTF8') OPERATOR(pg_catalog.=) "
            "pg_catalog.convert_to(r1.b::pg_catalog.text, 'UTF8')");
}

TEST(PostgresDialect, ColumnsOfOneTypeOrOfIntegersAreCompared) {
  const std::string equal = "r0.a OPERATOR(pg_catalog.=) r1.b";
  EXPECT_EQ(on(column({.kind = TypeKind::int2}), column({.kind = TypeKind::int8})), equal);
  EXPECT_EQ(on(column({.kind = TypeKind::float4}), column({.kind = TypeKind::float8})), equal);
  EXPECT_EQ(on(column({.kind = TypeKind::numeric}), column({.kind = TypeKind::numeric, .length = 9, .scale = 2})),
            equal);
  EXPECT_EQ(on(column({.kind = TypeKind::named, .name = "oid"}), column({.kind = TypeKind::named, .name = "oid"})),
            equal);
  EXPECT_EQ(on(column({.kind = TypeKind::int4}), column({.kind = TypeKind::numeric})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::int4}), column({.kind = TypeKind::float8})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::int8}), column({.kind = TypeKind::named, .name = "oid"})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::date}), column({.kind = TypeKind::timestamp})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::timestamp}), column({.kind = TypeKind::timestamptz})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::named, .name = "inet"}), column({.kind = TypeKind::named, .name = "cidr"})),
            "");
  EXPECT_EQ(on(column({.kind = TypeKind::jsonb}), column({.kind = TypeKind::jsonb})), "");
  EXPECT_EQ(on(column({.kind = TypeKind::named, .name = "money"}), column({.kind = TypeKind::named, .name = "money"})),
            "");
  core::RemoteColumn encoded = text("pg_catalog.C");
  encoded.is_comparable = false;
  EXPECT_EQ(on(encoded, text("pg_catalog.C")), "");
  core::RemoteColumn replaced = text("pg_catalog.C");
  replaced.may_become_null = true;
  EXPECT_EQ(on(replaced, text("pg_catalog.C")), "");
}

// Groups and aggregates

/// A grouped statement over one column; empty if the server can't be asked so.
std::string grouped(const core::RemoteColumn& by, const TextFacts& facts = {}) {
  if (!dialect(facts).groups(by)) return "";
  return core::testing::statement(dialect(facts), {.columns = {0}, .is_grouped = true}, {by});
}

TEST(PostgresDialect, GroupsByTheBytesOfTexts) {
  const std::string key = "c COLLATE pg_catalog.\"C\"";
  EXPECT_EQ(core::testing::statement(dialect(), {.columns = {0}, .is_grouped = true}, {text("public.loose")}),
            "SELECT " + key + ", x FROM t GROUP BY " + key);
  core::RemoteColumn mood = text("");
  mood.remote_type = "public.mood";
  EXPECT_NE(grouped(mood).find(" GROUP BY c::pg_catalog.text COLLATE pg_catalog.\"C\""), std::string::npos);
  EXPECT_NE(grouped(text(""), {.is_utf8 = false}).find(" GROUP BY pg_catalog.convert_to(c::pg_catalog.text, 'UTF8')"),
            std::string::npos);
}

TEST(PostgresDialect, GroupsWhereEqualValuesLookAlike) {
  for (const TypeKind kind :
       {TypeKind::boolean, TypeKind::int8, TypeKind::text, TypeKind::date, TypeKind::timetz, TypeKind::timestamptz,
        TypeKind::uuid, TypeKind::bytea, TypeKind::bit, TypeKind::varbit}) {
    EXPECT_TRUE(dialect().groups(column({.kind = kind}))) << static_cast<int>(kind);
  }
  for (const char* name : {"inet", "cidr", "macaddr", "macaddr8", "pg_lsn", "xid8", "oid"}) {
    EXPECT_TRUE(dialect().groups(column({.kind = TypeKind::named, .name = name}))) << name;
  }
  EXPECT_TRUE(dialect().groups(column({.kind = TypeKind::numeric, .length = 9, .scale = 2})));
  EXPECT_TRUE(dialect().groups(column({.kind = TypeKind::bpchar, .length = 3})));
  EXPECT_FALSE(dialect({.is_utf8 = false}).groups(column({.kind = TypeKind::bpchar, .length = 3})));
  for (const TypeKind kind : {TypeKind::numeric, TypeKind::float4, TypeKind::float8, TypeKind::interval,
                              TypeKind::bpchar, TypeKind::json, TypeKind::jsonb, TypeKind::xml, TypeKind::geometry}) {
    EXPECT_FALSE(dialect().groups(column({.kind = kind}))) << static_cast<int>(kind);
  }
  for (const char* name : {"interval day to second", "money", "int4[]", "int4range", "citext"}) {
    EXPECT_FALSE(dialect().groups(column({.kind = TypeKind::named, .name = name}))) << name;
  }
}

/// The aggregate in SQL; empty if the server can't be asked for it.
std::string aggregated(core::AggregateFunction function, const core::RemoteColumn& of, const TextFacts& facts = {}) {
  const core::Aggregate aggregate{.function = function, .column = 0};
  if (!dialect(facts).aggregates(aggregate, {of})) return "";
  const std::string sql =
      core::testing::statement(dialect(facts), {.is_grouped = true, .aggregates = {aggregate}}, {of});
  const std::size_t begin = std::string("SELECT ").size();
  return sql.substr(begin, sql.find(", x FROM t") - begin);
}

TEST(PostgresDialect, Aggregates) {
  using enum core::AggregateFunction;
  const core::RemoteColumn int4 = column({.kind = TypeKind::int4});
  EXPECT_EQ(aggregated(count_rows, int4), "pg_catalog.COUNT(*)");
  EXPECT_EQ(aggregated(count, column({.kind = TypeKind::json})), "pg_catalog.COUNT(c)");
  EXPECT_EQ(aggregated(count_distinct, int4), "pg_catalog.COUNT(DISTINCT c)");
  EXPECT_EQ(aggregated(count_distinct, text("public.loose")), "pg_catalog.COUNT(DISTINCT c COLLATE pg_catalog.\"C\")");
  EXPECT_EQ(aggregated(count_distinct, column({.kind = TypeKind::json})), "");
  EXPECT_EQ(aggregated(sum, int4), "pg_catalog.SUM(c)");
  EXPECT_EQ(aggregated(sum, column({.kind = TypeKind::numeric})), "pg_catalog.SUM(c)");
  EXPECT_EQ(aggregated(minimum, text("public.loose")), "pg_catalog.MIN(c COLLATE pg_catalog.\"C\")");
  EXPECT_EQ(aggregated(maximum, text(""), {.is_utf8 = false}), "");
  EXPECT_EQ(aggregated(maximum, column({.kind = TypeKind::bpchar, .length = 3})), "");
  EXPECT_EQ(aggregated(maximum, column({.kind = TypeKind::bpchar})), "");
  EXPECT_EQ(aggregated(maximum, column({.kind = TypeKind::timetz})), "pg_catalog.MAX(c)");
  for (const TypeKind kind : {TypeKind::float4, TypeKind::float8, TypeKind::interval, TypeKind::text, TypeKind::date}) {
    EXPECT_EQ(aggregated(sum, column({.kind = kind})), "") << static_cast<int>(kind);
  }
  for (const TypeKind kind : {TypeKind::float8, TypeKind::interval, TypeKind::uuid, TypeKind::bytea, TypeKind::boolean,
                              TypeKind::numeric, TypeKind::bit}) {
    EXPECT_EQ(aggregated(minimum, column({.kind = kind})), "") << static_cast<int>(kind);
  }
  for (const char* name : {"money", "inet", "cidr", "int4[]", "pg_lsn", "xid8"}) {
    EXPECT_EQ(aggregated(maximum, column({.kind = TypeKind::named, .name = name})), "") << name;
    EXPECT_EQ(aggregated(sum, column({.kind = TypeKind::named, .name = name})), "") << name;
  }
  core::RemoteColumn replaced = int4;
  replaced.may_become_null = true;
  EXPECT_EQ(aggregated(count, replaced), "");
  EXPECT_EQ(aggregated(sum, replaced), "");
}

}  // namespace
}  // namespace connector::postgres
