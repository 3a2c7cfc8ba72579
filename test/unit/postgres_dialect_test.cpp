#include "drivers/postgres/dialect.hpp"

#include <gtest/gtest.h>

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

TEST(PostgresDialect, OrdersCursorsAlikeOnBothSides) {
  using core::TypeKind;
  EXPECT_EQ(cursor_order("\"c\"", {.kind = TypeKind::numeric}), "\"c\"");
  EXPECT_EQ(cursor_order("\"c\"", {.kind = TypeKind::varchar}),
            "pg_catalog.convert_to(\"c\"::pg_catalog.text, 'UTF8')");
  EXPECT_EQ(cursor_order("\"c\"", {.kind = TypeKind::json}), std::nullopt);
  EXPECT_EQ(cursor_literal({.kind = TypeKind::int4}, "7"), "'7'::pg_catalog.int4");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::float4}, "0.10000000149011612"),
            "'0.10000000149011612'::pg_catalog.float8");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::timestamptz}, "infinity"), "'infinity'::pg_catalog.timestamptz");
  EXPECT_EQ(cursor_literal({.kind = TypeKind::text}, "a'é"), "pg_catalog.decode('6127c3a9', 'hex')");
}

}  // namespace
}  // namespace connector::postgres
