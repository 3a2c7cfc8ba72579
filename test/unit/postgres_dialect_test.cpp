#include "drivers/postgres/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::postgres {
namespace {

TEST(PostgresDialect, Quotes) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_table("s.x", "T"), "\"s.x\".\"T\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'b"), "E'a\\\\''b'");
}

TEST(PostgresDialect, FirstStatementEndsAtItsSemicolon) {
  EXPECT_EQ(first_statement("SELECT 1"), "SELECT 1");
  EXPECT_EQ(first_statement("SELECT 1; -- done"), "SELECT 1");
  EXPECT_EQ(first_statement(""), "");
  EXPECT_EQ(first_statement(";"), "");
}

TEST(PostgresDialect, SemicolonsThatEndNothing) {
  for (const char* sql : {
           "SELECT ';'",
           "SELECT 'it''s;'",
           "SELECT E'\\';'",
           "SELECT e'\\\\', ';'",
           "SELECT \";\"",
           "SELECT $$;$$",
           "SELECT $tag$ ; $$ ; $tag$",
           "SELECT 1 -- ;",
           "SELECT /* ; /* ; */ ; */ 1",
           "SELECT name'\\', ';'",
           "SELECT a$b$c, ';$b$'",
           "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)",
       }) {
    EXPECT_EQ(first_statement(sql), sql);
  }
}

TEST(PostgresDialect, SemicolonsBehindThings) {
  EXPECT_EQ(first_statement("SELECT '\\'; SELECT 2"), "SELECT '\\'");
  EXPECT_EQ(first_statement("SELECT $1; x"), "SELECT $1");
  EXPECT_EQ(first_statement("SELECT $a$x$a$; x"), "SELECT $a$x$a$");
  EXPECT_EQ(first_statement("SELECT a$$; x $$"), "SELECT a$$");
}

TEST(PostgresDialect, Unterminated) {
  for (const char* sql : {"SELECT ';", "SELECT \";", "SELECT /* ;", "SELECT $$;", "SELECT E';\\", "$", "/"}) {
    EXPECT_EQ(first_statement(sql), sql);
  }
}

TEST(PostgresDialect, Copyable) {
  for (const char* sql : {"SELECT 1", "select", "  \n\tWith x AS (SELECT 1) SELECT", "VALUES (1)", "TABLE t",
                          "((SELECT 1) UNION SELECT 2)", "-- SHOW\nSELECT 1", "/* /* a */ */SELECT 1"}) {
    EXPECT_TRUE(is_copyable(sql)) << sql;
  }
  for (const char* sql : {"SHOW ALL", "EXPLAIN SELECT 1", "selected", "INSERT INTO t VALUES (1) RETURNING a", "",
                          "-- SELECT", "/* SELECT */ DELETE FROM t", "'select'", "FETCH ALL FROM c", "$$select$$"}) {
    EXPECT_FALSE(is_copyable(sql)) << sql;
  }
}

TEST(PostgresDialect, ComparesAndOrdersAlikeOnBothSides) {
  using core::TypeKind;
  const auto compared = [](TypeKind kind, std::string value, core::Operator operation) {
    return core::testing::comparison(dialect(), {.kind = kind}, std::move(value), operation);
  };
  EXPECT_EQ(compared(TypeKind::int4, "7", core::Operator::greater_or_equal),
            "c OPERATOR(pg_catalog.>=) '7'::pg_catalog.int4");
  EXPECT_EQ(compared(TypeKind::float4, "0.10000000149011612", core::Operator::equal),
            "c OPERATOR(pg_catalog.=) '0.10000000149011612'::pg_catalog.float8");
  EXPECT_EQ(compared(TypeKind::timestamptz, "infinity", core::Operator::less),
            "c OPERATOR(pg_catalog.<) 'infinity'::pg_catalog.timestamptz");
  EXPECT_EQ(compared(TypeKind::uuid, "x", core::Operator::less_or_equal),
            "c OPERATOR(pg_catalog.<=) 'x'::pg_catalog.uuid");
  EXPECT_EQ(compared(TypeKind::text, "a'é", core::Operator::greater),
            "pg_catalog.convert_to(c::pg_catalog.text, 'UTF8') OPERATOR(pg_catalog.>) "
            "pg_catalog.decode('6127c3a9', 'hex')");
  EXPECT_EQ(compared(TypeKind::json, "{}", core::Operator::equal), std::nullopt);
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::numeric}), " ORDER BY c LIMIT 2");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::varchar}),
            " ORDER BY pg_catalog.convert_to(c::pg_catalog.text, 'UTF8') LIMIT 2");
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::json}), std::nullopt);
}

}  // namespace
}  // namespace connector::postgres
