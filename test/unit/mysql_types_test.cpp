#include "drivers/mysql/types.hpp"

#include <string>

#include <gtest/gtest.h>
#include <mysql.h>

#include "core/base/error.hpp"

namespace connector::mysql {
namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

constexpr unsigned utf8mb4_general = 45;
constexpr unsigned utf8mb4_bin = 46;
constexpr unsigned latin1_swedish = 8;
constexpr unsigned sjis_japanese = 13;
constexpr unsigned utf16_general = 54;

FieldFacts field(int type, unsigned flags = 0, unsigned long length = 0, unsigned decimals = 0) {
  FieldFacts facts;
  facts.type = type;
  facts.flags = flags;
  facts.collation = binary_collation;
  facts.length = length;
  facts.decimals = decimals;
  facts.is_table_column = true;
  return facts;
}

FieldFacts text_field(int type, unsigned long characters, unsigned collation = utf8mb4_general) {
  FieldFacts facts = field(type, 0, characters * (collation == latin1_swedish ? 1 : 4));
  facts.collation = collation;
  return facts;
}

ColumnRule rule(const FieldFacts& facts) {
  return column_rule(facts, false, {}, std::nullopt);
}

/// With `encoding`, where the server's collations are known.
ColumnRule rule(const FieldFacts& facts, const char* encoding) {
  const TextReading reading{.encoding = encoding,
                            .charsets = {{latin1_swedish, {"latin1", 1}},
                                         {sjis_japanese, {"sjis", 2}},
                                         {utf16_general, {"utf16", 4}},
                                         {utf8mb4_general, {"utf8mb4", 4}}}};
  return column_rule(facts, false, reading, std::nullopt);
}

/// The local and the remote type, as SQL text.
std::string local(const FieldFacts& facts) {
  return sql_type_name(rule(facts).type);
}
std::string remote(const FieldFacts& facts) {
  return rule(facts).remote_type;
}

TEST(MysqlTypes, IntegersKeepTheirRange) {
  EXPECT_EQ(local(field(MYSQL_TYPE_TINY)), "smallint");
  EXPECT_EQ(local(field(MYSQL_TYPE_TINY, UNSIGNED_FLAG)), "smallint");
  EXPECT_EQ(local(field(MYSQL_TYPE_TINY, 0, 1)), "smallint");  // tinyint(1) is no boolean
  EXPECT_EQ(local(field(MYSQL_TYPE_SHORT)), "smallint");
  EXPECT_EQ(local(field(MYSQL_TYPE_SHORT, UNSIGNED_FLAG)), "integer");
  EXPECT_EQ(local(field(MYSQL_TYPE_INT24)), "integer");
  EXPECT_EQ(local(field(MYSQL_TYPE_INT24, UNSIGNED_FLAG)), "integer");
  EXPECT_EQ(local(field(MYSQL_TYPE_LONG)), "integer");
  EXPECT_EQ(local(field(MYSQL_TYPE_LONG, UNSIGNED_FLAG)), "bigint");
  EXPECT_EQ(local(field(MYSQL_TYPE_LONGLONG)), "bigint");
  EXPECT_EQ(local(field(MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG)), "numeric(20,0)");
  EXPECT_EQ(remote(field(MYSQL_TYPE_LONGLONG, UNSIGNED_FLAG)), "bigint unsigned");
  EXPECT_EQ(local(field(MYSQL_TYPE_YEAR, UNSIGNED_FLAG | ZEROFILL_FLAG, 4)), "smallint");
}

TEST(MysqlTypes, TinyintOfOneDigitAsBoolean) {
  EXPECT_TRUE(is_tinyint1(field(MYSQL_TYPE_TINY, 0, 1)));
  EXPECT_TRUE(is_tinyint1(field(MYSQL_TYPE_TINY, UNSIGNED_FLAG, 1)));
  EXPECT_FALSE(is_tinyint1(field(MYSQL_TYPE_TINY, 0, 4)));
  EXPECT_FALSE(is_tinyint1(field(MYSQL_TYPE_LONG, 0, 1)));
  ColumnRule truth = rule(field(MYSQL_TYPE_TINY, UNSIGNED_FLAG, 1));
  read_as_boolean(truth);
  EXPECT_EQ(truth.type.kind, TypeKind::boolean);
  EXPECT_EQ(truth.remote_type, "tinyint(1) unsigned");
}

TEST(MysqlTypes, FloatsAndDecimals) {
  EXPECT_EQ(local(field(MYSQL_TYPE_FLOAT, 0, 12, 31)), "real");
  EXPECT_EQ(local(field(MYSQL_TYPE_DOUBLE, 0, 22, 31)), "double precision");
  EXPECT_EQ(remote(field(MYSQL_TYPE_DOUBLE, 0, 22, 31)), "double");
  EXPECT_EQ(remote(field(MYSQL_TYPE_DOUBLE, 0, 10, 0)), "double(10,0)");
  EXPECT_EQ(local(field(MYSQL_TYPE_FLOAT, 0, 10, 2)), "real");
  EXPECT_EQ(remote(field(MYSQL_TYPE_FLOAT, 0, 10, 2)), "float(10,2)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, 0, 14, 2)), "numeric(12,2)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, UNSIGNED_FLAG, 13, 2)), "numeric(12,2)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, 0, 11, 0)), "numeric(10,0)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, UNSIGNED_FLAG, 10, 0)), "numeric(10,0)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, 0, 67, 30)), "numeric(65,30)");
  EXPECT_EQ(local(field(MYSQL_TYPE_NEWDECIMAL, 0, 0, 31)), "numeric");  // nonsense
  EXPECT_EQ(remote(field(MYSQL_TYPE_NEWDECIMAL, UNSIGNED_FLAG, 13, 2)), "decimal(12,2) unsigned");
}

TEST(MysqlTypes, BitsAndTimes) {
  EXPECT_EQ(local(field(MYSQL_TYPE_BIT, UNSIGNED_FLAG, 1)), "boolean");
  EXPECT_EQ(local(field(MYSQL_TYPE_BIT, UNSIGNED_FLAG, 64)), "bit(64)");
  EXPECT_EQ(local(field(MYSQL_TYPE_DATE)), "date");
  EXPECT_EQ(local(field(MYSQL_TYPE_DATETIME, 0, 19, 0)), "timestamp(0) without time zone");
  EXPECT_EQ(local(field(MYSQL_TYPE_DATETIME, 0, 26, 6)), "timestamp(6) without time zone");
  EXPECT_EQ(local(field(MYSQL_TYPE_TIMESTAMP, 0, 23, 3)), "timestamp(3) with time zone");
  EXPECT_EQ(local(field(MYSQL_TYPE_TIME, 0, 10, 0)), "time(0) without time zone");
  EXPECT_EQ(local(field(MYSQL_TYPE_TIME, 0, 10, 31)), "time without time zone");
  LogicalType interval;
  interval.kind = TypeKind::interval;
  const ColumnRule as_interval = column_rule(field(MYSQL_TYPE_TIME, 0, 10, 6), false, {}, interval);
  EXPECT_EQ(as_interval.type.kind, TypeKind::interval);
  EXPECT_EQ(as_interval.decode, Decode::time_interval);
}

TEST(MysqlTypes, OnlyCollation63IsBinary) {
  EXPECT_EQ(local(field(MYSQL_TYPE_VAR_STRING, BINARY_FLAG, 20)), "bytea");
  EXPECT_EQ(local(field(MYSQL_TYPE_STRING, BINARY_FLAG, 4)), "bytea");
  EXPECT_EQ(local(field(MYSQL_TYPE_BLOB, BLOB_FLAG | BINARY_FLAG, 65535)), "bytea");
  FieldFacts bin_text = text_field(MYSQL_TYPE_VAR_STRING, 20, utf8mb4_bin);
  bin_text.flags = BINARY_FLAG;
  EXPECT_EQ(local(bin_text), "character varying(20)");
  FieldFacts bin_blob = text_field(MYSQL_TYPE_BLOB, 16383, utf8mb4_bin);
  bin_blob.flags = BINARY_FLAG | BLOB_FLAG;
  EXPECT_EQ(local(bin_blob), "text");
}

TEST(MysqlTypes, Text) {
  EXPECT_EQ(local(text_field(MYSQL_TYPE_VAR_STRING, 20)), "character varying(20)");
  EXPECT_EQ(local(text_field(MYSQL_TYPE_STRING, 10)), "character varying(10)");
  EXPECT_EQ(local(text_field(MYSQL_TYPE_VAR_STRING, 20, latin1_swedish)), "character varying(20)");
  EXPECT_EQ(local(text_field(MYSQL_TYPE_VAR_STRING, 10485761)), "text");
  EXPECT_EQ(local(text_field(MYSQL_TYPE_BLOB, 16383)), "text");
  FieldFacts expression = text_field(MYSQL_TYPE_VAR_STRING, 20);
  expression.is_table_column = false;
  EXPECT_EQ(local(expression), "text");
  EXPECT_EQ(remote(expression), "varchar(20)");
  FieldFacts choice = text_field(MYSQL_TYPE_STRING, 3);
  choice.flags = ENUM_FLAG;
  EXPECT_EQ(local(choice), "text");
  EXPECT_EQ(remote(choice), "enum");
  choice.flags = SET_FLAG;
  EXPECT_EQ(remote(choice), "set");
  EXPECT_EQ(rule(choice).form, ValueForm::text);
  EXPECT_EQ(local(field(MYSQL_TYPE_NULL)), "text");
}

TEST(MysqlTypes, EncodingApplies) {
  const ColumnRule stored = rule(text_field(MYSQL_TYPE_VAR_STRING, 20, latin1_swedish), "WIN1251");
  EXPECT_EQ(stored.text.encoding, "WIN1251");
  EXPECT_EQ(stored.decode, Decode::text);
  const ColumnRule wide = rule(text_field(MYSQL_TYPE_VAR_STRING, 20, utf16_general), "WIN1251");
  EXPECT_EQ(wide.text.encoding, "UTF8");
  EXPECT_EQ(wide.decode, Decode::wide_text);
  EXPECT_EQ(sql_type_name(wide.type), "character varying(20)");
}

TEST(MysqlTypes, LengthIsThatOfTheEncodingAskedFor) {
  FieldFacts sjis = text_field(MYSQL_TYPE_VAR_STRING, 10, sjis_japanese);
  sjis.length = 20;
  EXPECT_EQ(sql_type_name(rule(sjis, "SJIS").type), "character varying(10)");
  EXPECT_EQ(sql_type_name(rule(sjis, "LATIN1").type), "character varying(20)");  // each byte is a character
  EXPECT_EQ(rule(sjis, "LATIN1").remote_type, "varchar(10)");
  EXPECT_EQ(sql_type_name(rule(text_field(MYSQL_TYPE_VAR_STRING, 10), "LATIN1").type), "character varying(10)");
}

TEST(MysqlTypes, UnknownCollationIsAnErrorWithEncoding) {
  const FieldFacts unknown = text_field(MYSQL_TYPE_VAR_STRING, 20, 309);
  EXPECT_THROW(rule(unknown, "LATIN1"), core::Error);
  EXPECT_EQ(local(unknown), "text");  // the server converts; only the length is not known
}

TEST(MysqlTypes, StoresOnlyWhatTheDescribedTypeHolds) {
  const auto can = [](const FieldFacts& described, const FieldFacts& wire) {
    return can_store(rule(described), rule(wire));
  };
  const FieldFacts word = text_field(MYSQL_TYPE_VAR_STRING, 20);
  EXPECT_TRUE(can(word, text_field(MYSQL_TYPE_VAR_STRING, 19)));
  EXPECT_FALSE(can(word, text_field(MYSQL_TYPE_VAR_STRING, 21)));
  EXPECT_FALSE(can(word, text_field(MYSQL_TYPE_BLOB, 20)));
  const FieldFacts price = field(MYSQL_TYPE_NEWDECIMAL, 0, 12, 2);  // decimal(10,2)
  EXPECT_TRUE(can(price, field(MYSQL_TYPE_NEWDECIMAL, 0, 11, 2)));
  EXPECT_FALSE(can(price, field(MYSQL_TYPE_NEWDECIMAL, 0, 13, 2)));
  EXPECT_FALSE(can(price, field(MYSQL_TYPE_NEWDECIMAL, 0, 12, 3)));
  EXPECT_FALSE(can(price, field(MYSQL_TYPE_NEWDECIMAL, 0, 12, 1)));  // one digit more before the point
  EXPECT_TRUE(can(field(MYSQL_TYPE_NEWDECIMAL, 0, 0, 31), price));
  EXPECT_FALSE(can(price, field(MYSQL_TYPE_NEWDECIMAL, 0, 0, 31)));
  const FieldFacts moment = field(MYSQL_TYPE_DATETIME, 0, 23, 3);
  EXPECT_TRUE(can(moment, field(MYSQL_TYPE_DATETIME, 0, 19, 0)));
  EXPECT_FALSE(can(moment, field(MYSQL_TYPE_DATETIME, 0, 26, 6)));
  EXPECT_FALSE(can(moment, field(MYSQL_TYPE_TIMESTAMP, 0, 23, 3)));
  EXPECT_FALSE(can(field(MYSQL_TYPE_BIT, 0, 8), field(MYSQL_TYPE_BIT, 0, 9)));
  EXPECT_TRUE(can(field(MYSQL_TYPE_LONG), field(MYSQL_TYPE_LONGLONG)));  // the decoder checks the range
  EXPECT_FALSE(can(field(MYSQL_TYPE_LONG), field(MYSQL_TYPE_DOUBLE)));
}

TEST(MysqlTypes, Json) {
  EXPECT_EQ(local(field(MYSQL_TYPE_JSON)), "jsonb");
  EXPECT_EQ(rule(field(MYSQL_TYPE_JSON)).form, ValueForm::text);
  FieldFacts mariadb = text_field(MYSQL_TYPE_BLOB, 1000);
  mariadb.format_name = "json";
  EXPECT_EQ(local(mariadb), "jsonb");
  EXPECT_EQ(column_rule(text_field(MYSQL_TYPE_BLOB, 1000), true, {}, std::nullopt).type.kind, TypeKind::jsonb);
}

TEST(MysqlTypes, PluginTypesOfMariaDb) {
  FieldFacts facts = text_field(MYSQL_TYPE_STRING, 36);
  facts.data_type_name = "uuid";
  EXPECT_EQ(local(facts), "uuid");
  facts.data_type_name = "inet6";
  EXPECT_EQ(local(facts), "inet");
  EXPECT_EQ(rule(facts).form, ValueForm::text);
  EXPECT_EQ(remote(facts), "inet6");
}

TEST(MysqlTypes, GeometryAndVector) {
  EXPECT_EQ(rule(field(MYSQL_TYPE_GEOMETRY)).type.kind, TypeKind::geometry);
  EXPECT_EQ(rule(field(MYSQL_TYPE_GEOMETRY)).form, ValueForm::receive);
  EXPECT_EQ(local(field(242)), "bytea");
  EXPECT_EQ(remote(field(242)), "vector");
}

TEST(MysqlTypes, TextsThatAreAskedFor) {
  const auto asked = [](FieldFacts facts, TypeKind kind) {
    LogicalType wanted;
    wanted.kind = kind;
    return column_rule(facts, false, {}, wanted);
  };
  FieldFacts mariadb_json = text_field(MYSQL_TYPE_BLOB, 100);
  mariadb_json.format_name = "json";
  for (const FieldFacts& json : {field(MYSQL_TYPE_JSON), mariadb_json}) {
    EXPECT_EQ(asked(json, TypeKind::text).type.kind, TypeKind::text);
    EXPECT_EQ(asked(json, TypeKind::varchar).type.kind, TypeKind::text);
    EXPECT_EQ(asked(json, TypeKind::json).type.kind, TypeKind::json);
    EXPECT_EQ(asked(json, TypeKind::jsonb).type.kind, TypeKind::jsonb);
    EXPECT_EQ(asked(json, TypeKind::int4).type.kind, TypeKind::jsonb);
    EXPECT_EQ(asked(json, TypeKind::text).remote_type, "json");
  }
  FieldFacts address = text_field(MYSQL_TYPE_STRING, 39);
  address.data_type_name = "inet6";
  EXPECT_EQ(asked(address, TypeKind::text).type.kind, TypeKind::text);
  EXPECT_EQ(asked(address, TypeKind::uuid).type.name, "inet");
  EXPECT_EQ(asked(field(MYSQL_TYPE_TIME, 0, 0, 3), TypeKind::text).decode, Decode::time_text);
  EXPECT_EQ(asked(field(MYSQL_TYPE_TIME, 0, 0, 3), TypeKind::text).digits, 3);
}

TEST(MysqlTypes, BitsOfExpressions) {
  FieldFacts bit = field(MYSQL_TYPE_BIT, 0, 1);
  EXPECT_EQ(rule(bit).decode, Decode::boolean);
  bit.is_table_column = false;
  EXPECT_EQ(rule(bit).decode, Decode::expression_bits);
  EXPECT_EQ(rule(bit).type.kind, TypeKind::boolean);
  bit.length = 20;
  EXPECT_EQ(rule(bit).decode, Decode::expression_bits);
  EXPECT_EQ(sql_type_name(rule(bit).type), "bit(20)");
  // '0' is b'00110000'.
  EXPECT_TRUE(is_told_by_value(1) && is_told_by_value(5));
  EXPECT_FALSE(is_told_by_value(6) || is_told_by_value(8) || is_told_by_value(64));
  // MySQL 5.6 multiplies the length in a UNION.
  bit.length = 256;
  EXPECT_EQ(sql_type_name(rule(bit).type), "bit(64)");
  bit.length = 0;
  EXPECT_EQ(sql_type_name(rule(bit).type), "bit(64)");
}

TEST(MysqlTypes, WhatMayBeInvalidHere) {
  const auto with = [](Decode decode) {
    ColumnRule rule;
    rule.decode = decode;
    return rule;
  };
  for (const Decode decode : {Decode::date, Decode::datetime, Decode::time, Decode::text, Decode::wide_text,
                              Decode::geometry, Decode::expression_bits}) {
    EXPECT_TRUE(can_be_invalid(with(decode), true));
  }
  for (const Decode decode : {Decode::decimal, Decode::float8, Decode::bytes, Decode::bits, Decode::time_interval}) {
    EXPECT_FALSE(can_be_invalid(with(decode), false));
  }
  // What the metadata tell of an expression may be too small.
  EXPECT_FALSE(can_be_invalid(with(Decode::int32), true));
  EXPECT_TRUE(can_be_invalid(with(Decode::int32), false));
}

}  // namespace
}  // namespace connector::mysql
