#include "drivers/mysql/row_hash.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/types.hpp"

namespace connector::mysql {
namespace {

using core::TypeKind;

std::string form(std::string_view type, bool not_null = true) {
  const HashedColumn column{"c", type, not_null};
  return row_hash({&column, 1}, Digest::md5);
}

std::string number(const core::RemoteColumn& column, const std::vector<std::string>& bounds) {
  return dialect().range_number("c", column, bounds).value_or("");
}

core::RemoteColumn column(TypeKind kind, const char* remote_type) {
  core::RemoteColumn described;
  described.type.kind = kind;
  described.remote_type = remote_type;
  return described;
}

TEST(MysqlRowHash, NumberOfTheRange) {
  const core::RemoteColumn integer = column(TypeKind::int4, "int(11)");
  EXPECT_EQ(number(integer, {}), "CASE WHEN c IS NULL THEN 1 ELSE 0 END");
  EXPECT_EQ(number(integer, {"-5"}), "CASE WHEN c IS NULL THEN 2 WHEN c < -5 THEN 0 ELSE 1 END");
  EXPECT_EQ(number(integer, {"1", "2"}),
            "CASE WHEN c IS NULL THEN 3 WHEN c < 1 THEN 0 ELSE CASE WHEN c < 2 THEN 1 ELSE 2 END END");
  EXPECT_EQ(number(column(TypeKind::date, "date"), {"2020-01-31"}),
            "CASE WHEN c <=> NULL THEN 2 WHEN c < DATE'2020-01-31' THEN 0 ELSE 1 END");
  EXPECT_EQ(number(column(TypeKind::varchar, "varchar(20)"), {"é"}),
            "CASE WHEN c IS NULL THEN 2 WHEN CAST(CONVERT(c USING utf8mb4) AS BINARY) < x'c3a9' THEN 0 ELSE 1 END");
  EXPECT_EQ(number(column(TypeKind::int2, "year(4)"), {"5"}), "");
}

TEST(MysqlRowHash, EachType) {
  const std::pair<std::vector<std::string_view>, std::string> table[] = {
      {{"tinyint(4)", "tinyint(1)", "smallint(6)", "mediumint(9)", "int", "int(10) unsigned zerofill", "bigint(20)",
        "year", "year(4)", "decimal(10,2)", "date", "datetime", "datetime(6)", "timestamp(3)", "time"},
       "c"},
      {{"float", "float(7,3)", "float unsigned", "double", "double(10,2)"}, "c * 1e0"},
      {{"bit(1)", "bit(64)"}, "c + 0"},
      {{"char(30)", "varchar(1)", "varchar(255)", "binary(4)", "varbinary(255)", "enum('a','b')"},
       "LENGTH(c), CAST(c AS BINARY)"},
      {{"varchar(256)", "varbinary(1000)",    "varchar",       "set('a','b')", "tinytext",
        "text",         "mediumtext",         "longtext",      "tinyblob",     "blob",
        "mediumblob",   "longblob",           "json",          "vector(3)",    "geometry",
        "point",        "linestring",         "polygon",       "multipoint",   "multilinestring",
        "multipolygon", "geometrycollection", "geomcollection"},
       "MD5(c)"},
      {{"uuid", "inet4", "inet6"}, "CAST(c AS CHAR)"},
  };
  for (const auto& [types, expected] : table) {
    for (const std::string_view type : types) {
      EXPECT_TRUE(can_be_hashed(type)) << type;
      EXPECT_EQ(form(type), "UNHEX(MD5(CONCAT_WS(',', " + expected + ")))") << type;
    }
  }
}

TEST(MysqlRowHash, NullIsNothing) {
  EXPECT_EQ(form("int", false), "UNHEX(MD5(CONCAT_WS(',', IFNULL(c, ''))))");
  EXPECT_EQ(form("double", false), "UNHEX(MD5(CONCAT_WS(',', IFNULL(c * 1e0, ''))))");
  EXPECT_EQ(form("char(3)", false), "UNHEX(MD5(CONCAT_WS(',', IFNULL(LENGTH(c), ''), IFNULL(CAST(c AS BINARY), ''))))");
  EXPECT_EQ(form("text", false), "UNHEX(MD5(CONCAT_WS(',', IFNULL(MD5(c), ''))))");
}

TEST(MysqlRowHash, RowsOfSeveralColumnsAndOfNone) {
  const HashedColumn columns[] = {{"`a`", "int", true}, {"`b`", "text", false}};
  EXPECT_EQ(row_hash(columns, Digest::md5), "UNHEX(MD5(CONCAT_WS(',', `a`, IFNULL(MD5(`b`), ''))))");
  EXPECT_EQ(row_hash({}, Digest::md5), "UNHEX(MD5(CONCAT_WS(',', '')))");
}

TEST(MysqlRowHash, WithoutMd5) {
  const HashedColumn columns[] = {{"`a`", "int", true}, {"`b`", "text", false}};
  EXPECT_EQ(row_hash(columns, Digest::sha256),
            "UNHEX(LEFT(SHA2(CONCAT_WS(',', `a`, IFNULL(SHA2(`b`, 256), '')), 256), 32))");
}

TEST(MysqlRowHash, Statement) {
  EXPECT_EQ(sum_of_hashes("SELECT 1"),
            "SELECT x.r, COUNT(*), SUM(CAST(CONV(SUBSTR(HEX(x.h), 1, 16), 16, 10) AS UNSIGNED)), "
            "SUM(CAST(CONV(SUBSTR(HEX(x.h), 17, 16), 16, 10) AS UNSIGNED)), COUNT(*) - COUNT(x.h) FROM (SELECT 1 LIMIT "
            "18446744073709551615) AS x GROUP BY x.r");
}

/// Of all types that the protocol has, the one of the literal NULL alone has no form.
TEST(MysqlRowHash, EachTypeOfTheDriver) {
  for (int type = 0; type < 256; ++type) {
    FieldFacts facts;
    facts.type = type;
    facts.length = 4;
    facts.is_table_column = true;
    for (const unsigned collation : {binary_collation, 45U}) {
      facts.collation = collation;
      const std::string remote_type = column_rule(facts, false, {}, std::nullopt).remote_type;
      EXPECT_EQ(can_be_hashed(remote_type), remote_type != "null") << type << ' ' << remote_type;
    }
  }
}

TEST(MysqlRowHash, TypesThatAreRefused) {
  for (const std::string_view type : {"xmltype", "null", "", "int8range", "INT"}) {
    EXPECT_FALSE(can_be_hashed(type)) << type;
  }
}

}  // namespace
}  // namespace connector::mysql
