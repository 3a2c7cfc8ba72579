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
  EXPECT_EQ(rewritten(rule("varchar(20)", 20, 0, 0, "", "WIN1251").rewrite, "[c]"), "CAST([c] AS varbinary(20))");
  EXPECT_EQ(rewritten(rule("varchar(20)", -1, 0, 0, "", "WIN1251").rewrite, "[c]"), "CAST([c] AS varbinary(max))");
  EXPECT_EQ(rewritten(rule("char(10)", 3, 0, 0, "", "WIN1251").rewrite, "[c]"), "CAST([c] AS varbinary(3))");
  EXPECT_EQ(rewritten(rule("text", 16, 0, 0, "", "WIN1251").rewrite, "[c]"),
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
  EXPECT_EQ(rewritten(geometry.rewrite, "[a b]"), "CAST([a b].STSrid AS binary(4)) + [a b].AsBinaryZM()");
  EXPECT_EQ(rule("", -1, 0, 0, "geography").type.kind, TypeKind::geography);
  EXPECT_EQ(rule("geography", -1).type.kind, TypeKind::geography);
  EXPECT_EQ(rewritten(rule("", 892, 0, 0, "hierarchyid").rewrite, "[h]"), "[h].ToString()");
  EXPECT_EQ(rewritten(rule("hierarchyid", 892).rewrite, "[h]"), "[h].ToString()");
  EXPECT_EQ(rewritten(rule("", 892, 0, 0, "of_my_own").rewrite, "[h]"), "[h].ToString()");
  const std::string variant = rewritten(rule("sql_variant").rewrite, "[v]");
  EXPECT_EQ(variant.find('?'), std::string::npos);
  EXPECT_NE(variant.find("SQL_VARIANT_PROPERTY([v], 'BaseType')"), std::string::npos);
  EXPECT_EQ(variant.find("THEN NULL"), std::string::npos);  // Babelfish would make varchar of it
  EXPECT_NE(rewritten(rule("sql_variant").rewrite_to_bytes, "[v]").find("CAST([v] AS varbinary(8000))"),
            std::string::npos);
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

TEST(SqlServerTypes, WhatIsNoImageOfAValueIsNotCompared) {
  EXPECT_TRUE(rule("varchar(20)", 20, 0, 0, "", "WIN1251").is_changed);
  EXPECT_TRUE(rule("", 0, 0, 0, "hierarchyid").is_changed);
  EXPECT_FALSE(rule("varchar(20)", 20).is_changed);
  EXPECT_FALSE(rule("sql_variant").is_changed);
  EXPECT_FALSE(may_be_invalid(rule("int").decode));
  EXPECT_TRUE(may_be_invalid(rule("nvarchar(20)", 40).decode));
}

ColumnRule sent(const WireFacts& facts) {
  return described_rule(result_facts("c", facts), {}, false);
}

constexpr int varchar = 167, nvarchar = 231, nchar = 239, xml = 241, clr = 240, variant = 98, uuid = 36, intn = 38;

TEST(SqlServerTypes, AResultTellsItsTypes) {
  EXPECT_EQ(sql(sent({.type = SYBINT8, .server_type = intn})), "bigint");
  EXPECT_EQ(sent({.type = SYBMONEY, .server_type = SYBMONEYN}).decode, Decode::money8);
  EXPECT_EQ(sql(sent({.type = uuid, .server_type = uuid})), "uuid");
  EXPECT_EQ(sql(sent({.type = SYBVARCHAR, .server_type = nvarchar, .max_length = 40})), "character varying(20)");
  EXPECT_EQ(sent({.type = SYBVARCHAR, .server_type = nvarchar, .max_length = 40}).remote_type, "nvarchar(20)");
  EXPECT_EQ(sql(sent({.type = SYBCHAR, .server_type = nchar, .max_length = 20})), "character(10)");
  EXPECT_EQ(sql(sent({.type = SYBVARCHAR, .server_type = varchar, .max_length = 8000})), "character varying(8000)");
  EXPECT_EQ(sql(sent({.type = SYBVARCHAR, .server_type = varchar, .max_length = 0x3fffffff})), "text");
  EXPECT_EQ(sql(sent({.type = SYBTEXT, .server_type = SYBNTEXT, .max_length = 0x7fffffff})), "text");
  EXPECT_EQ(sql(sent({.type = 175, .server_type = xml, .max_length = 0x7fffffff})), "xml");
  EXPECT_EQ(sql(sent({.type = SYBBINARY, .server_type = 173, .max_length = 8})), "bytea");
  EXPECT_EQ(sent({.type = SYBBINARY, .server_type = 173, .user_type = 80, .max_length = 8}).remote_type, "rowversion");
  EXPECT_EQ(sql(sent({.type = SYBMSDATETIME2, .server_type = SYBMSDATETIME2, .scale = 7})),
            "timestamp(6) without time zone");
  EXPECT_EQ(sent({.type = SYBMSDATETIME2, .server_type = SYBMSDATETIME2, .scale = 7}).remote_type, "datetime2(7)");
  EXPECT_EQ(sql(sent({.type = SYBDECIMAL, .server_type = SYBDECIMAL, .precision = 12, .scale = 2})), "numeric(12,2)");
  EXPECT_EQ(sql(sent({.type = SYBDECIMAL, .precision = 99, .scale = 2})), "numeric");  // a hostile server
  EXPECT_FALSE(sent({.type = variant, .server_type = variant}).rewrite.empty());
  EXPECT_EQ(sent({.type = clr, .server_type = clr}).remote_type, "CLR type");
  EXPECT_FALSE(sent({.type = 1, .server_type = 1}).unsupported.empty());
}

TEST(SqlServerTypes, WhatIsSentMustFitInWhatWasDescribed) {
  const auto decimal = [](int precision, int scale) {
    return sent({.type = SYBDECIMAL, .server_type = SYBDECIMAL, .precision = precision, .scale = scale});
  };
  const auto text = [](int type, int length) {
    return sent({.type = SYBVARCHAR, .server_type = type, .max_length = length});
  };
  EXPECT_TRUE(can_store(decimal(12, 2), decimal(12, 2)));
  EXPECT_TRUE(can_store(decimal(12, 2), decimal(11, 1)));
  EXPECT_FALSE(can_store(decimal(12, 2), decimal(12, 1)));  // one digit more before the point
  EXPECT_FALSE(can_store(decimal(38, 38), decimal(38, 2)));
  EXPECT_FALSE(can_store(decimal(38, 2), decimal(38, 38)));
  EXPECT_FALSE(can_store(decimal(12, 2), decimal(99, 2)));
  EXPECT_FALSE(can_store(decimal(12, 2), sent({.type = SYBINT4})));
  EXPECT_TRUE(can_store(text(varchar, 20), text(nvarchar, 40)));
  EXPECT_FALSE(can_store(text(varchar, 20), text(nvarchar, 42)));
  EXPECT_FALSE(can_store(text(varchar, 20), text(varchar, 0x3fffffff)));
  EXPECT_TRUE(can_store(text(varchar, 0x3fffffff), text(varchar, 20)));
  EXPECT_FALSE(can_store(sent({.type = SYBMSTIME, .scale = 3}), sent({.type = SYBMSTIME, .scale = 4})));
  // Seven digits come as six, and are compared in another way.
  EXPECT_FALSE(can_store(sent({.type = SYBMSTIME, .scale = 6}), sent({.type = SYBMSTIME, .scale = 7})));
  EXPECT_TRUE(can_store(sent({.type = SYBMSTIME, .scale = 7}), sent({.type = SYBMSTIME, .scale = 7})));
  EXPECT_TRUE(can_store(sent({.type = SYBMSTIME, .scale = 7}), sent({.type = SYBMSTIME, .scale = 6})));
  EXPECT_TRUE(can_store(rule("date", 0, 0, 0, "", {}, true), text(nvarchar, 20)));
  EXPECT_TRUE(can_store(rule("sql_variant"), text(nvarchar, 0x3fffffff)));
  EXPECT_FALSE(can_store(rule("sql_variant"), sent({.type = variant, .server_type = variant})));
  EXPECT_FALSE(can_store(rule("xml", -1), sent({.type = 1})));
}

}  // namespace
}  // namespace connector::sqlserver
