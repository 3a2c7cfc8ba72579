#include "drivers/sqlserver/types.hpp"

#include <gtest/gtest.h>
#include <sybfront.h>
#include <sybdb.h>

namespace connector::sqlserver {
namespace {

using core::TypeKind;
using core::ValueForm;

ColumnRule rule(const char* type_name, int max_length = 0, int precision = 0, int scale = 0, std::string user_type = "",
                std::optional<std::string> encoding = {}, bool dates_as_text = false) {
  ColumnFacts facts;
  facts.type_name = type_name;
  facts.user_type = std::move(user_type);
  facts.max_length = max_length;
  facts.precision = precision;
  facts.scale = scale;
  return described_rule(facts, encoding, dates_as_text);
}

std::string sql(const ColumnRule& rule) {
  return core::sql_type_name(rule.type);
}

TEST(SqlServerTypes, EachTypeHasItsPlace) {
  EXPECT_EQ(sql(rule("bit")), "boolean");
  EXPECT_EQ(sql(rule("tinyint")), "smallint");  // tinyint is unsigned
  EXPECT_EQ(sql(rule("smallint")), "smallint");
  EXPECT_EQ(sql(rule("int")), "integer");
  EXPECT_EQ(sql(rule("bigint")), "bigint");
  EXPECT_EQ(sql(rule("real")), "real");
  EXPECT_EQ(sql(rule("float")), "double precision");
  EXPECT_EQ(sql(rule("money")), "numeric(19,4)");
  EXPECT_EQ(sql(rule("smallmoney")), "numeric(10,4)");
  EXPECT_EQ(sql(rule("decimal(38,38)", 17, 38, 38)), "numeric(38,38)");
  EXPECT_EQ(sql(rule("numeric(9,0)", 5, 9, 0)), "numeric(9,0)");
  EXPECT_EQ(sql(rule("date")), "date");
  EXPECT_EQ(sql(rule("time(7)", 5, 16, 7)), "time(6) without time zone");
  EXPECT_EQ(sql(rule("time(7)", 3, 8, 0)), "time(0) without time zone");
  EXPECT_EQ(sql(rule("smalldatetime")), "timestamp(6) without time zone");
  EXPECT_EQ(sql(rule("datetime")), "timestamp(6) without time zone");
  EXPECT_EQ(sql(rule("datetime2(7)", 8, 27, 7)), "timestamp(6) without time zone");
  EXPECT_EQ(sql(rule("datetime2(7)", 7, 23, 3)), "timestamp(3) without time zone");
  EXPECT_EQ(sql(rule("datetimeoffset", 10, 34, 7)), "timestamp(6) with time zone");
  EXPECT_EQ(sql(rule("uniqueidentifier")), "uuid");
  EXPECT_EQ(sql(rule("binary(8)", 8)), "bytea");
  EXPECT_EQ(sql(rule("varbinary(max)", -1)), "bytea");
  EXPECT_EQ(sql(rule("image")), "bytea");
  EXPECT_EQ(sql(rule("timestamp", 8)), "bytea");
  EXPECT_EQ(rule("timestamp", 8).remote_type, "rowversion");
  EXPECT_EQ(sql(rule("xml", -1)), "xml");
}

TEST(SqlServerTypes, LengthsOfTextAreCharacters) {
  EXPECT_EQ(sql(rule("varchar(20)", 20)), "character varying(20)");
  EXPECT_EQ(sql(rule("nvarchar", 40)), "character varying(20)");
  EXPECT_EQ(sql(rule("char(10)", 10)), "character(10)");
  EXPECT_EQ(sql(rule("nchar(10)", 20)), "character(10)");
  for (const char* type : {"varchar(max)", "nvarchar(max)"}) EXPECT_EQ(sql(rule(type, -1)), "text");
  for (const char* type : {"text", "ntext"}) EXPECT_EQ(sql(rule(type, 16)), "text");
}

TEST(SqlServerTypes, EncodingAsksForStoredBytesOfCodePages) {
  EXPECT_EQ(rewritten(rule("varchar(20)", 20, 0, 0, "", "WIN1251"), "[c]"), "CAST([c] AS varbinary(20))");
  EXPECT_EQ(rewritten(rule("varchar(20)", -1, 0, 0, "", "WIN1251"), "[c]"), "CAST([c] AS varbinary(max))");
  EXPECT_EQ(rewritten(rule("char(10)", 3, 0, 0, "", "WIN1251"), "[c]"), "CAST([c] AS varbinary(3))");
  EXPECT_EQ(rewritten(rule("text", 16, 0, 0, "", "WIN1251"), "[c]"),
            "CAST(CAST([c] AS varchar(max)) AS varbinary(max))");
  EXPECT_EQ(rule("text", 16, 0, 0, "", "WIN1251").encoding, "WIN1251");
  // UTF-16 is what it is.
  EXPECT_EQ(rule("nvarchar", 40, 0, 0, "", "WIN1251").rewrite, "");
  EXPECT_EQ(rule("nvarchar", 40, 0, 0, "", "WIN1251").encoding, "UTF8");
}

TEST(SqlServerTypes, RewrittenColumns) {
  const ColumnRule geometry = rule("", -1, 0, 0, "geometry");
  EXPECT_EQ(geometry.type.kind, TypeKind::geometry);
  EXPECT_EQ(geometry.form, ValueForm::receive);
  EXPECT_EQ(rewritten(geometry, "[a b]"), "CAST([a b].STSrid AS binary(4)) + [a b].AsBinaryZM()");
  EXPECT_EQ(rule("", -1, 0, 0, "geography").type.kind, TypeKind::geography);
  EXPECT_EQ(rule("geography", -1).type.kind, TypeKind::geography);
  EXPECT_EQ(rewritten(rule("", 892, 0, 0, "hierarchyid"), "[h]"), "[h].ToString()");
  EXPECT_EQ(rewritten(rule("hierarchyid", 892), "[h]"), "[h].ToString()");
  EXPECT_EQ(rewritten(rule("", 892, 0, 0, "of_my_own"), "[h]"), "[h].ToString()");
  const std::string variant = rewritten(rule("sql_variant"), "[v]");
  EXPECT_EQ(variant.find('?'), std::string::npos);
  EXPECT_NE(variant.find("SQL_VARIANT_PROPERTY([v], 'BaseType')"), std::string::npos);
}

TEST(SqlServerTypes, UnknownTypesAreLeftOut) {
  EXPECT_FALSE(rule("table type").unsupported.empty());
}

TEST(SqlServerTypes, DatesOfOldProtocolsAreText) {
  for (const char* type : {"date", "time", "datetime2(7)", "datetimeoffset(7)"}) {
    const ColumnRule found = rule(type, 0, 0, 7, "", {}, true);
    EXPECT_EQ(found.form, ValueForm::text) << type;
    EXPECT_EQ(found.decode, Decode::text) << type;
  }
  EXPECT_EQ(rule("datetime", 0, 0, 0, "", {}, true).decode, Decode::datetime);  // older than that
}

TEST(SqlServerTypes, WireTypes) {
  EXPECT_EQ(wire_decode(SYBINT4), Decode::int32);
  EXPECT_EQ(wire_decode(SYBMONEY), Decode::money8);
  EXPECT_EQ(wire_decode(SYBMSDATETIMEOFFSET), Decode::datetimeoffset);
  EXPECT_EQ(wire_decode(SYBTEXT), Decode::text);
  EXPECT_EQ(wire_decode(36), Decode::uuid);
  EXPECT_EQ(wire_decode(98), std::nullopt);
  EXPECT_EQ(wire_decode(240), std::nullopt);
  EXPECT_EQ(sql(wire_rule({SYBMSDATETIME2, 0, 7})), "timestamp(6) without time zone");
  EXPECT_EQ(wire_rule({SYBMSDATETIME2, 0, 7}).remote_type, "datetime2(7)");
  EXPECT_EQ(sql(wire_rule({SYBDECIMAL, 12, 2})), "numeric(12,2)");
  EXPECT_EQ(sql(wire_rule({SYBDECIMAL, 99, 2})), "numeric");  // a hostile server
}

}  // namespace
}  // namespace connector::sqlserver
