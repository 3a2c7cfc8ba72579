#include "drivers/odbc/types.hpp"

#include <gtest/gtest.h>

namespace connector::odbc {
namespace {

using core::TypeKind;
using core::ValueForm;

ColumnFacts facts(SQLSMALLINT type, SQLULEN size = 0, SQLSMALLINT digits = 0, std::string name = "",
                  bool is_unsigned = false) {
  ColumnFacts told;
  told.name = "c";
  told.sql_type = type;
  told.size = size;
  told.digits = digits;
  told.type_name = std::move(name);
  told.is_unsigned = is_unsigned;
  return told;
}

DriverTraits of(Database database) {
  DriverTraits traits;
  traits.database = database;
  return traits;
}

std::string sql(const ColumnFacts& told, const DriverTraits& traits = {}) {
  return core::sql_type_name(describe_column(told, traits, std::nullopt, std::nullopt).type);
}

Reading reading(const ColumnFacts& told, const DriverTraits& traits = {},
                const std::optional<std::string>& encoding = std::nullopt,
                const std::optional<core::LogicalType>& wanted = std::nullopt) {
  return reading_of(told, traits, describe_column(told, traits, wanted, encoding));
}

TEST(OdbcTypes, IntegersGoByTheirSign) {
  EXPECT_EQ(sql(facts(SQL_TINYINT)), "smallint");
  EXPECT_EQ(sql(facts(SQL_TINYINT, 3, 0, "tinyint", true)), "smallint");
  EXPECT_EQ(sql(facts(SQL_SMALLINT)), "smallint");
  EXPECT_EQ(sql(facts(SQL_SMALLINT, 5, 0, "", true)), "integer");
  EXPECT_EQ(sql(facts(SQL_INTEGER)), "integer");
  EXPECT_EQ(sql(facts(SQL_INTEGER, 10, 0, "", true)), "bigint");
  EXPECT_EQ(sql(facts(SQL_BIGINT)), "bigint");
  EXPECT_EQ(sql(facts(SQL_BIGINT, 20, 0, "", true)), "numeric(20,0)");
  EXPECT_EQ(reading(facts(SQL_BIGINT, 20, 0, "", true)).c_type, SQL_C_CHAR);
  EXPECT_EQ(reading(facts(SQL_SMALLINT, 5, 0, "", true)).c_type, SQL_C_SLONG);
  EXPECT_EQ(sql(facts(SQL_INTEGER, 10, 0, "oid"), of(Database::postgres)), "bigint");
}

TEST(OdbcTypes, DecimalsAreReadAsText) {
  EXPECT_EQ(sql(facts(SQL_DECIMAL, 10, 2)), "numeric(10,2)");
  EXPECT_EQ(sql(facts(SQL_NUMERIC, 65, 30)), "numeric(65,30)");
  EXPECT_EQ(reading(facts(SQL_NUMERIC, 65, 30)).c_type, SQL_C_CHAR);
  EXPECT_GE(reading(facts(SQL_NUMERIC, 65, 30)).expected_units, 68U);
  // No precision, or one that can't be.
  EXPECT_EQ(sql(facts(SQL_DECIMAL)), "numeric");
  EXPECT_EQ(sql(facts(SQL_DECIMAL, 5, 7)), "numeric");
  EXPECT_EQ(sql(facts(SQL_DECIMAL, 38, -127)), "numeric");
  EXPECT_EQ(sql(facts(SQL_DECIMAL, 100000, 2)), "numeric");
  EXPECT_EQ(sql(facts(SQL_NUMERIC, 10, 2), of(Database::postgres)), "numeric");
  EXPECT_EQ(sql(facts(SQL_NUMERIC, 28, 6)), "numeric(28,6)");
}

TEST(OdbcTypes, TextIsAskedForInUtf16UnlessAnEncodingIsGiven) {
  DriverTraits narrow;
  narrow.unicode = false;
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 10)).c_type, SQL_C_WCHAR);
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 10), narrow).c_type, SQL_C_CHAR);
  EXPECT_EQ(reading(facts(SQL_WVARCHAR, 10), narrow).c_type, SQL_C_WCHAR);
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 10), {}, "LATIN1").c_type, SQL_C_CHAR);
  EXPECT_EQ(reading(facts(SQL_WVARCHAR, 10), {}, "LATIN1").c_type, SQL_C_WCHAR);
  const auto described = describe_column(facts(SQL_CHAR, 10), {}, std::nullopt, "LATIN1");
  EXPECT_EQ(described.encoding, "LATIN1");
  EXPECT_EQ(described.form, ValueForm::text);
  EXPECT_EQ(described.type.kind, TypeKind::text);
  EXPECT_FALSE(described.is_comparable);
  EXPECT_EQ(describe_column(facts(SQL_WCHAR, 10), {}, std::nullopt, "LATIN1").encoding, "UTF8");
}

TEST(OdbcTypes, SizesThatAreNotBelievedAreNone) {
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 1020)).expected_units, 1020U);
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 1021)).expected_units, 0U);
  EXPECT_EQ(reading(facts(SQL_VARCHAR, 0)).expected_units, 0U);
  EXPECT_EQ(reading(facts(SQL_LONGVARCHAR, 255)).expected_units, 0U);
  EXPECT_EQ(reading(facts(SQL_VARBINARY, SQLULEN(-4))).expected_units, 0U);
}

TEST(OdbcTypes, TimesAreStructuresOrText) {
  EXPECT_EQ(reading(facts(SQL_TYPE_DATE)).decode, Decode::date);
  EXPECT_EQ(reading(facts(SQL_DATE)).decode, Decode::date);
  EXPECT_EQ(reading(facts(SQL_TYPE_TIME)).decode, Decode::time);
  // The structure has no fraction.
  EXPECT_EQ(reading(facts(SQL_TYPE_TIME, 15, 6)).decode, Decode::time_text);
  EXPECT_EQ(reading(facts(-154, 16, 7)).decode, Decode::time_text);
  EXPECT_EQ(reading(facts(-155, 34, 7)).decode, Decode::offset_timestamp_text);
  EXPECT_EQ(sql(facts(-155, 34, 7)), "timestamp(6) with time zone");
  EXPECT_EQ(reading(facts(SQL_TYPE_TIMESTAMP, 26, 6)).decode, Decode::timestamp);
  EXPECT_TRUE(describe_column(facts(SQL_TYPE_TIMESTAMP, 27, 7), {}, std::nullopt, std::nullopt).is_rounded);
  DriverTraits as_text;
  as_text.times_as_text = true;
  EXPECT_EQ(reading(facts(SQL_TYPE_DATE), as_text).decode, Decode::date_text);
  EXPECT_EQ(reading(facts(SQL_TYPE_TIMESTAMP), as_text).decode, Decode::timestamp_text);
  core::LogicalType interval;
  interval.kind = TypeKind::interval;
  EXPECT_EQ(reading(facts(SQL_TYPE_TIME), {}, std::nullopt, interval).decode, Decode::time_interval_text);
}

TEST(OdbcTypes, NamesTellMore) {
  EXPECT_EQ(sql(facts(SQL_TYPE_TIMESTAMP, 26, 6, "timestamptz"), of(Database::postgres)),
            "timestamp(6) with time zone");
  EXPECT_EQ(sql(facts(SQL_TYPE_TIMESTAMP, 19, 0, "timestamp"), of(Database::mysql)), "timestamp(0) with time zone");
  EXPECT_EQ(sql(facts(SQL_TYPE_TIMESTAMP, 19, 0, "datetime"), of(Database::mysql)), "timestamp(0) without time zone");
  EXPECT_EQ(sql(facts(SQL_FLOAT, 10, 0, "money"), of(Database::postgres)), "numeric");
  EXPECT_EQ(sql(facts(SQL_FLOAT, 10, 0, "money")), "double precision");
  EXPECT_EQ(sql(facts(SQL_LONGVARCHAR, 255, 0, "xml"), of(Database::postgres)), "xml");
  EXPECT_EQ(sql(facts(SQL_BINARY, 5, 0, "bit"), of(Database::mysql)), "bit(5)");
  EXPECT_EQ(sql(facts(SQL_BINARY, 5, 0, "binary"), of(Database::mysql)), "bytea");
}

TEST(OdbcTypes, AnyValueMayStandInAColumnOfSqlite) {
  const DriverTraits sqlite = of(Database::sqlite);
  EXPECT_EQ(reading(facts(SQL_INTEGER, 10, 0, "INT"), sqlite).decode, Decode::integer_text);
  EXPECT_EQ(sql(facts(SQL_INTEGER, 10, 0, "INT"), sqlite), "bigint");
  EXPECT_EQ(reading(facts(SQL_DOUBLE, 54, 0, "REAL"), sqlite).decode, Decode::float_text);
  EXPECT_EQ(sql(facts(SQL_VARCHAR, 30, 0, "decimal"), sqlite), "numeric");
  EXPECT_EQ(reading(facts(SQL_BIT, 1, 0, "boolean"), sqlite).decode, Decode::boolean_text);
}

TEST(OdbcTypes, OthersHaveTheirPlace) {
  EXPECT_EQ(sql(facts(SQL_BIT)), "boolean");
  EXPECT_EQ(sql(facts(SQL_REAL)), "real");
  EXPECT_EQ(sql(facts(SQL_FLOAT)), "double precision");
  EXPECT_EQ(sql(facts(SQL_GUID)), "uuid");
  EXPECT_EQ(sql(facts(SQL_LONGVARBINARY)), "bytea");
  EXPECT_EQ(sql(facts(SQL_INTERVAL_DAY_TO_SECOND)), "interval");
  EXPECT_EQ(sql(facts(12345)), "text");
  EXPECT_FALSE(describe_column(facts(-153), {}, std::nullopt, std::nullopt).unsupported_reason.empty());
  EXPECT_EQ(describe_column(facts(SQL_DECIMAL, 10, 2, "decimal"), {}, std::nullopt, std::nullopt).remote_type,
            "decimal(10,2)");
  EXPECT_EQ(describe_column(facts(SQL_VARCHAR, 0, 0, "clob"), {}, std::nullopt, std::nullopt).remote_type, "clob");
}

}  // namespace
}  // namespace connector::odbc
