#include "drivers/postgres/sql_text.hpp"

#include <gtest/gtest.h>

namespace connector::postgres {
namespace {

TEST(PostgresSqlText, Quotes) {
  EXPECT_EQ(quote_identifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_table("s.x", "T"), "\"s.x\".\"T\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\'b"), "E'a\\\\''b'");
}

TEST(PostgresSqlText, FirstStatementEndsAtItsSemicolon) {
  EXPECT_EQ(first_statement("SELECT 1"), "SELECT 1");
  EXPECT_EQ(first_statement("SELECT 1; -- done"), "SELECT 1");
  EXPECT_EQ(first_statement(""), "");
  EXPECT_EQ(first_statement(";"), "");
}

TEST(PostgresSqlText, SemicolonsThatEndNothing) {
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

TEST(PostgresSqlText, SemicolonsBehindThings) {
  EXPECT_EQ(first_statement("SELECT '\\'; SELECT 2"), "SELECT '\\'");
  EXPECT_EQ(first_statement("SELECT $1; x"), "SELECT $1");
  EXPECT_EQ(first_statement("SELECT $a$x$a$; x"), "SELECT $a$x$a$");
  EXPECT_EQ(first_statement("SELECT a$$; x $$"), "SELECT a$$");
}

TEST(PostgresSqlText, Unterminated) {
  for (const char* sql : {"SELECT ';", "SELECT \";", "SELECT /* ;", "SELECT $$;", "SELECT E';\\", "$", "/"}) {
    EXPECT_EQ(first_statement(sql), sql);
  }
}

TEST(PostgresSqlText, Copyable) {
  for (const char* sql : {"SELECT 1", "select", "  \n\tWith x AS (SELECT 1) SELECT", "VALUES (1)", "TABLE t",
                          "((SELECT 1) UNION SELECT 2)", "-- SHOW\nSELECT 1", "/* /* a */ */SELECT 1"}) {
    EXPECT_TRUE(is_copyable(sql)) << sql;
  }
  for (const char* sql : {"SHOW ALL", "EXPLAIN SELECT 1", "selected", "INSERT INTO t VALUES (1) RETURNING a", "",
                          "-- SELECT", "/* SELECT */ DELETE FROM t", "'select'", "FETCH ALL FROM c", "$$select$$"}) {
    EXPECT_FALSE(is_copyable(sql)) << sql;
  }
}

}  // namespace
}  // namespace connector::postgres
