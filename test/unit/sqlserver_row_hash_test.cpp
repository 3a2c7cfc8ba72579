#include "drivers/sqlserver/row_hash.hpp"

#include <utility>

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {
namespace {

using core::TypeKind;

ColumnRule rule(const std::string& type) {
  ColumnFacts facts;
  facts.name = "c";
  facts.type_name = type;
  facts.max_length = type.ends_with("(max)") ? -1 : 20;
  facts.precision = 9;
  facts.scale = 2;
  return described_rule(facts, std::nullopt, false);
}

/// What is hashed of a column that is NOT NULL, or may be NULL.
std::string form(const std::string& type, bool not_null = true) {
  const ColumnRule described = rule(type);
  const HashedColumn column{"c", &described, not_null};
  const std::string hash = row_hash({&column, 1});
  const std::string begin = "HASHBYTES('MD5', CAST(0x AS varbinary(max)) + ";
  EXPECT_TRUE(hash.starts_with(begin) && hash.ends_with(')')) << hash;
  return hash.substr(begin.size(), hash.size() - begin.size() - 1);
}

std::string number(TypeKind kind, const char* remote_type, const std::vector<std::string>& bounds) {
  core::RemoteColumn column;
  column.type.kind = kind;
  column.remote_type = remote_type;
  return dialect().range_number("[c]", column, bounds).value_or("");
}

TEST(SqlServerRowHash, NumberOfTheRange) {
  EXPECT_EQ(number(TypeKind::int4, "int", {}), "CASE WHEN [c] IS NULL THEN 1 ELSE 0 END");
  EXPECT_EQ(number(TypeKind::int4, "int", {"-5"}), "CASE WHEN [c] IS NULL THEN 2 WHEN [c] < -5 THEN 0 ELSE 1 END");
  EXPECT_EQ(number(TypeKind::int4, "int", {"1", "2"}),
            "CASE WHEN [c] IS NULL THEN 3 WHEN [c] < 1 THEN 0 ELSE CASE WHEN [c] < 2 THEN 1 ELSE 2 END END");
  const std::string of_date = number(TypeKind::date, "date", {"2020-01-31"});
  EXPECT_TRUE(of_date.starts_with("CASE WHEN [c] IS NULL THEN 2 WHEN [c] < ")) << of_date;
  EXPECT_NE(of_date.find("2020-01-31"), std::string::npos) << of_date;
}

TEST(SqlServerRowHash, EachType) {
  const std::pair<std::vector<std::string>, std::string> table[] = {
      {{"bit", "tinyint"}, "CAST(c AS binary(1))"},
      {{"smallint"}, "CAST(c AS binary(2))"},
      {{"int", "real", "smallmoney"}, "CAST(c AS binary(4))"},
      {{"bigint", "float", "money"}, "CAST(c AS binary(8))"},
      {{"uniqueidentifier"}, "CAST(c AS binary(16))"},
      {{"decimal(9,2)", "numeric(9,2)"},
       "CAST(DATALENGTH(CAST(CONVERT(varchar(41), c) AS varbinary(41))) AS binary(4)) + "
       "CAST(CONVERT(varchar(41), c) AS varbinary(41))"},
      {{"date", "time(7)", "smalldatetime", "datetime", "datetime2(3)", "datetimeoffset(7)"},
       "CAST(DATALENGTH(CAST(CONVERT(varchar(40), c, 121) AS varbinary(40))) AS binary(4)) + "
       "CAST(CONVERT(varchar(40), c, 121) AS varbinary(40))"},
      {{"binary(20)", "varbinary(20)", "timestamp", "char(20)", "varchar(20)", "nchar(20)", "nvarchar(20)", "sysname"},
       "CAST(DATALENGTH(CAST(c AS varbinary(8000))) AS binary(4)) + CAST(c AS varbinary(8000))"},
      {{"varbinary(max)", "varchar(max)", "nvarchar(max)", "image"}, "HASHBYTES('MD5', CAST(c AS varbinary(max)))"},
      {{"text"}, "HASHBYTES('MD5', CAST(CAST(c AS varchar(max)) AS varbinary(max)))"},
      {{"ntext", "xml"}, "HASHBYTES('MD5', CAST(CAST(c AS nvarchar(max)) AS varbinary(max)))"},
      {{"json", "vector(3)"},
       "ISNULL(0x01 + HASHBYTES('MD5', CAST(CAST(c AS nvarchar(max)) AS varbinary(max))), 0x00)"},
      {{"geometry", "geography"},
       "ISNULL(0x01 + HASHBYTES('MD5', CAST(CAST(c.STSrid AS binary(4)) + c.AsBinaryZM() AS varbinary(max))), 0x00)"},
      {{"hierarchyid"}, "ISNULL(0x01 + HASHBYTES('MD5', CAST(c.ToString() AS varbinary(max))), 0x00)"},
  };
  for (const auto& [types, expected] : table) {
    for (const std::string& type : types) {
      EXPECT_TRUE(can_be_hashed(rule(type))) << type;
      EXPECT_EQ(form(type), expected) << type;
    }
  }
}

TEST(SqlServerRowHash, NullHasAMarkOfItsOwn) {
  EXPECT_EQ(form("int", false), "ISNULL(0x01 + CAST(c AS binary(4)), 0x00)");
  EXPECT_EQ(
      form("varbinary(20)", false),
      "ISNULL(CAST(DATALENGTH(CAST(c AS varbinary(8000))) AS binary(4)) + CAST(c AS varbinary(8000)), 0xFFFFFFFF)");
  EXPECT_EQ(form("varbinary(max)", false), "ISNULL(0x01 + HASHBYTES('MD5', CAST(c AS varbinary(max))), 0x00)");
}

/// Its text and its bytes, of which one is NULL.
TEST(SqlServerRowHash, AVariantIsHashedAsItIsRead) {
  const ColumnRule described = rule("sql_variant");
  EXPECT_TRUE(can_be_hashed(described));
  EXPECT_EQ(form("sql_variant"), "ISNULL(0x01 + HASHBYTES('MD5', CAST(" + rewritten(described.rewrite, "c") +
                                     " AS varbinary(max))), 0x00) + ISNULL(0x01 + HASHBYTES('MD5', CAST(" +
                                     rewritten(described.rewrite_to_bytes, "c") + " AS varbinary(max))), 0x00)");
}

TEST(SqlServerRowHash, TypesThatAreRefused) {
  EXPECT_FALSE(can_be_hashed(rule("cursor")));
  EXPECT_FALSE(can_be_hashed(rule("table")));
}

TEST(SqlServerRowHash, Statement) {
  EXPECT_EQ(row_hash({}), "HASHBYTES('MD5', CAST(0x AS varbinary(max)))");
  EXPECT_EQ(sum_of_hashes("SELECT 1"),
            "SELECT x.r, COUNT_BIG(*), "
            "CAST(SUM(CAST(CAST(SUBSTRING(x.h, 1, 8) AS bigint) AS decimal(38, 0))) AS nvarchar(40)), "
            "CAST(SUM(CAST(CAST(SUBSTRING(x.h, 9, 8) AS bigint) AS decimal(38, 0))) AS nvarchar(40)), "
            "COUNT_BIG(*) - COUNT_BIG(x.h) FROM (SELECT 1) AS x GROUP BY x.r");
}

}  // namespace
}  // namespace connector::sqlserver
