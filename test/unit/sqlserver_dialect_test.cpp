#include "drivers/sqlserver/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/sqlserver/types.hpp"

namespace connector::sqlserver {
namespace {

using core::Expression;
using core::Nulls;
using core::Operator;
using core::Support;

/// A column as the driver describes it.
core::RemoteColumn column(const std::string& type, int precision = 0, int scale = 0) {
  const ColumnRule rule = described_rule(
      {.name = "c", .type_name = type, .user_type = {}, .max_length = 20, .precision = precision, .scale = scale},
      std::nullopt, false);
  core::RemoteColumn described;
  described.name = "c";
  described.remote_type = rule.remote_type;
  described.type = rule.type;
  return described;
}

core::RemoteColumn decimal(int precision, int scale) {
  return column("decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")", precision, scale);
}

core::RemoteColumn with_scale(const std::string& type, int scale) {
  return column(type + '(' + std::to_string(scale) + ')', 0, scale);
}

Support support(const core::RemoteColumn& column, Operator operation, std::string value) {
  return dialect().support(Expression::comparison(0, operation, std::move(value)), {column});
}

/// What stands behind WHERE; empty if the server can't be asked so.
std::string sql(const core::RemoteColumn& column, Operator operation, std::string value) {
  core::Scan scan{.columns = {0}, .where = Expression::comparison(0, operation, std::move(value))};
  if (dialect().support(*scan.where, {column}) == Support::none) return "";
  return core::testing::statement(dialect(), scan, {column}).substr(std::string("SELECT x FROM t WHERE ").size());
}

std::string equal(const core::RemoteColumn& column, std::string value) {
  return sql(column, Operator::equal, std::move(value));
}

/// What stands behind ORDER BY; empty if the server does not order as PostgreSQL does.
std::string order(core::RemoteColumn column, bool descending, Nulls nulls, bool not_null = false) {
  column.not_null = not_null;
  if (!dialect().orders(column)) return "";
  return core::testing::statement(
             dialect(), {.columns = {0}, .order_by = {{.column = 0, .descending = descending, .nulls = nulls}}},
             {column})
      .substr(std::string("SELECT x FROM t ORDER BY ").size());
}

TEST(SqlServerDialect, ItsTableIsThatOfTheDocuments) {
  EXPECT_EQ(core::testing::documented_rules("sqlserver"), core::testing::markdown(dialect().rules()));
}

TEST(SqlServerDialect, Quotes) {
  EXPECT_EQ(quote_identifier("a]b"), "[a]]b]");
  EXPECT_EQ(quote_table("d", "s", "t]"), "[d].[s].[t]]]");
  EXPECT_EQ(quote_literal("it's \\"), "N'it''s \\'");
}

TEST(SqlServerDialect, LimitsBehindSelect) {
  const std::vector<core::RemoteColumn> columns{column("int")};
  const auto limited = [&](std::int64_t rows, std::int64_t offset, std::vector<core::OrderBy> order = {}) {
    return core::testing::statement(
        dialect(), {.columns = {0}, .order_by = std::move(order), .limit = rows, .offset = offset}, columns);
  };
  EXPECT_EQ(limited(7, 0), "SELECT TOP (7) x FROM t");
  EXPECT_EQ(limited(7, 2), "SELECT x FROM t ORDER BY (SELECT NULL) OFFSET 2 ROWS FETCH NEXT 7 ROWS ONLY");
  EXPECT_EQ(limited(7, 2, {{.column = 0, .nulls = Nulls::first}}),
            "SELECT x FROM t ORDER BY c OFFSET 2 ROWS FETCH NEXT 7 ROWS ONLY");
  EXPECT_EQ(limited(0, 2), "SELECT TOP (0) x FROM t");
}

TEST(SqlServerDialect, Integers) {
  EXPECT_EQ(equal(column("int"), "-7"), "c = -7");
  EXPECT_EQ(sql(column("tinyint"), Operator::not_equal, "300"), "c <> 300");
  EXPECT_EQ(equal(column("bigint"), "2147483648"), "c = CAST(2147483648 AS bigint)");
  EXPECT_EQ(equal(column("int"), "-9223372036854775808"), "c = CAST(-9223372036854775808 AS bigint)");
  EXPECT_EQ(support(column("smallint"), Operator::not_in, "1"), Support::exact);
}

TEST(SqlServerDialect, Decimals) {
  EXPECT_EQ(equal(decimal(12, 2), "10.50"), "c = CAST(10.5 AS decimal(12, 2))");
  EXPECT_EQ(sql(decimal(12, 2), Operator::less, "-0.005"), "c < CAST(-0.005 AS decimal(13, 3))");
  EXPECT_EQ(sql(decimal(4, 2), Operator::less, "12345"), "c < CAST(12345 AS decimal(7, 2))");
  EXPECT_EQ(equal(decimal(4, 2), "99.99"), "c = CAST(99.99 AS decimal(4, 2))");
  EXPECT_EQ(equal(decimal(38, 38), "0.5"), "c = CAST(0.5 AS decimal(38, 38))");
  EXPECT_EQ(sql(decimal(38, 38), Operator::less, "1"), "");
  EXPECT_EQ(sql(decimal(38, 0), Operator::less, "0.1"), "");
  for (const char* value : {"NaN", "-Infinity", "100", "0.001"}) {
    EXPECT_EQ(equal(decimal(4, 2), value), "1 = 0") << value;
    EXPECT_EQ(support(decimal(4, 2), Operator::not_equal, value), Support::exact) << value;
  }
  EXPECT_EQ(equal(decimal(4, 2), "1e5"), "");
}

TEST(SqlServerDialect, Money) {
  EXPECT_EQ(equal(column("money"), "922337203685.4775"), "c = CAST(922337203685.4775 AS money)");
  EXPECT_EQ(equal(column("smallmoney"), "-1.50000"), "c = CAST(-1.5 AS money)");
  EXPECT_EQ(sql(column("money"), Operator::less, "0.00001"), "");
  EXPECT_EQ(sql(column("money"), Operator::less, "NaN"), "");
  for (const char* value : {"0.00001", "1000000000000000", "NaN"}) EXPECT_EQ(equal(column("money"), value), "1 = 0");
  EXPECT_EQ(equal(column("money"), "922337203685477"), "");
}

TEST(SqlServerDialect, Bits) {
  EXPECT_EQ(equal(column("bit"), "true"), "c = 1");
  EXPECT_EQ(sql(column("bit"), Operator::distinct, "false"), "(c <> 0 OR c IS NULL)");
}

TEST(SqlServerDialect, DatesAndTimesThatAreSentAsTheyAre) {
  EXPECT_EQ(equal(column("date"), "0001-01-01"), "c = CAST(N'0001-01-01' AS date)");
  EXPECT_EQ(sql(column("date"), Operator::less, "infinity"), "");
  for (const char* value : {"infinity", "-infinity", "0044-03-15 BC", "10001-01-01"}) {
    EXPECT_EQ(equal(column("date"), value), "1 = 0") << value;
  }
  EXPECT_EQ(equal(column("date"), "10000-01-01"), "");
  EXPECT_EQ(equal(column("date"), "0001-12-31 BC"), "");
  EXPECT_EQ(equal(with_scale("datetime2", 3), "2020-02-29 01:02:03.5"),
            "c = CAST(N'2020-02-29T01:02:03.500' AS datetime2(3))");
  EXPECT_EQ(equal(with_scale("datetime2", 3), "2020-02-29 01:02:03.123456"),
            "c = CAST(N'2020-02-29T01:02:03.123456' AS datetime2(6))");
  EXPECT_EQ(equal(with_scale("datetime2", 0), "2020-02-29 01:02:03"),
            "c = CAST(N'2020-02-29T01:02:03' AS datetime2(0))");
  EXPECT_EQ(equal(with_scale("datetimeoffset", 2), "2020-02-29 01:02:03+00"),
            "c = CAST(N'2020-02-29T01:02:03.00+00:00' AS datetimeoffset(2))");
  EXPECT_EQ(equal(with_scale("time", 6), "23:59:59.999999"), "c = CAST(N'23:59:59.999999' AS time(6))");
  EXPECT_EQ(equal(with_scale("time", 6), "24:00:00"), "");
  EXPECT_EQ(equal(with_scale("datetime2", 6), "-infinity"), "1 = 0");
  EXPECT_EQ(equal(with_scale("datetimeoffset", 6), "0044-03-15 10:00:00+00 BC"), "1 = 0");
  EXPECT_EQ(equal(column("smalldatetime"), "infinity"), "1 = 0");
  EXPECT_EQ(sql(column("smalldatetime"), Operator::greater, "2020-02-29 01:02:03"),
            "c > CAST(N'2020-02-29T01:02:03' AS datetime2(0))");
  EXPECT_EQ(support(with_scale("datetime2", 6), Operator::not_equal, "2020-02-29 01:02:03"), Support::exact);
}

TEST(SqlServerDialect, ValuesThatAreRoundedHaveAWindow) {
  const core::RemoteColumn moment = with_scale("datetime2", 7);
  EXPECT_EQ(equal(moment, "2020-01-01 00:00:00"),
            "c BETWEEN CAST(N'2019-12-31T23:59:59.9999990' AS datetime2(7)) AND "
            "CAST(N'2020-01-01T00:00:00.0000009' AS datetime2(7))");
  EXPECT_EQ(sql(moment, Operator::less, "0001-01-01 00:00:00"),
            "c <= CAST(N'0001-01-01T00:00:00.0000009' AS datetime2(7))");
  EXPECT_EQ(sql(moment, Operator::greater_or_equal, "0001-01-01 00:00:00"),
            "c >= CAST(N'0001-01-01T00:00:00.0000000' AS datetime2(7))");
  EXPECT_EQ(sql(with_scale("datetimeoffset", 7), Operator::greater, "9999-12-31 23:59:59.999999+00"),
            "c >= CAST(N'9999-12-31T23:59:59.9999980+00:00' AS datetimeoffset(7))");
  EXPECT_EQ(equal(with_scale("time", 7), "00:00:00"),
            "(c BETWEEN CAST(N'00:00:00.0000000' AS time(7)) AND CAST(N'00:00:00.0000009' AS time(7)) OR c > "
            "CAST(N'23:59:59.9999990' AS time(7)))");
  EXPECT_EQ(sql(with_scale("time", 7), Operator::greater, "10:00:00"), "c >= CAST(N'09:59:59.9999990' AS time(7))");
  EXPECT_EQ(support(moment, Operator::equal, "2020-01-01 00:00:00"), Support::narrowing);
  EXPECT_EQ(support(moment, Operator::not_equal, "2020-01-01 00:00:00"), Support::none);
  EXPECT_EQ(equal(moment, "infinity"), "1 = 0");
  // What is rounded up.
  EXPECT_EQ(equal(moment, "10000-01-01 00:00:00"), "");
  EXPECT_FALSE(dialect().orders(moment));
  EXPECT_TRUE(dialect().orders(with_scale("datetime2", 6)));
}

TEST(SqlServerDialect, DatetimeHasAWindowOfTicks) {
  EXPECT_EQ(equal(column("datetime"), "2020-01-01 00:00:00.003"),
            "c BETWEEN CAST(N'2019-12-31T23:59:59.993' AS datetime) AND CAST(N'2020-01-01T00:00:00.013' AS datetime)");
  EXPECT_EQ(equal(column("datetime"), "1752-12-31 00:00:00"), "");
  for (const char* value : {"infinity", "0001-01-01 00:00:00", "1752-12-30 23:59:59", "0044-03-15 10:00:00 BC"}) {
    EXPECT_EQ(equal(column("datetime"), value), "1 = 0") << value;
  }
  EXPECT_EQ(equal(column("datetime"), "9999-12-31 00:00:00"), "");
  EXPECT_FALSE(dialect().orders(column("datetime")));
}

TEST(SqlServerDialect, FloatsHaveAWindowOfWhatIsSureToBeRead) {
  EXPECT_EQ(equal(column("float"), "1"), "c BETWEEN 9.9999999999999001e-01 AND 1.0000000000000100e+00");
  EXPECT_EQ(sql(column("real"), Operator::less, "-1"), "c <= -9.9999999999999001e-01");
  EXPECT_EQ(equal(column("float"), "0"), "c BETWEEN -2.2999999999999999e-308 AND 2.2999999999999999e-308");
  for (const char* value : {"NaN", "Infinity", "-Infinity", "1.79e308", "5e-324"}) {
    EXPECT_EQ(equal(column("float"), value), "") << value;
  }
}

TEST(SqlServerDialect, TextsBytesAndUuids) {
  EXPECT_EQ(equal(column("nvarchar(20)"), "it's \xF0\x9F\x98\x80"), "c = N'it''s \xF0\x9F\x98\x80'");
  EXPECT_EQ(equal(column("char(20)"), "a?b"), "c = 'a?b'");
  EXPECT_EQ(equal(column("varchar(20)"), "\xC3\xA9"), "");
  EXPECT_EQ(equal(column("nvarchar(max)"), "a\\\nb"), "");
  EXPECT_EQ(equal(column("nvarchar(max)"), "a\\\r\nb"), "");
  EXPECT_EQ(equal(column("nvarchar(max)"), std::string(4001, 'a')), "");
  EXPECT_EQ(support(column("nvarchar(20)"), Operator::equal, "a"), Support::narrowing);
  EXPECT_EQ(support(column("nvarchar(20)"), Operator::not_equal, "a"), Support::none);
  EXPECT_EQ(support(column("nvarchar(20)"), Operator::less, "a"), Support::none);
  EXPECT_EQ(equal(column("ntext"), "a"), "");
  EXPECT_EQ(equal(column("xml"), "<a/>"), "");
  EXPECT_EQ(equal(column("varbinary(20)"), "\\x00ff"), "c = 0x00ff");
  EXPECT_EQ(equal(column("timestamp"), "\\x"), "c = 0x");
  EXPECT_EQ(equal(column("image"), "\\x00"), "");
  EXPECT_EQ(equal(column("uniqueidentifier"), "0e984725-c51c-4bf4-9960-e1c80e27aba0"),
            "c = CAST(N'0e984725-c51c-4bf4-9960-e1c80e27aba0' AS uniqueidentifier)");
  EXPECT_EQ(support(column("uniqueidentifier"), Operator::less, "0e984725-c51c-4bf4-9960-e1c80e27aba0"), Support::none);
  for (const char* type : {"nvarchar(20)", "varbinary(20)", "uniqueidentifier", "ntext", "sql_variant"}) {
    EXPECT_FALSE(dialect().orders(column(type))) << type;
  }
}

TEST(SqlServerDialect, PatternsByWhatStandsInFront) {
  const auto like = [](const char* type, const char* pattern) { return sql(column(type), Operator::like, pattern); };
  EXPECT_EQ(like("nvarchar(20)", "a'b%c"), "c COLLATE Latin1_General_BIN2 LIKE N'a''b%' ESCAPE '~'");
  EXPECT_EQ(like("varchar(20)", "ab_"), "c COLLATE Latin1_General_BIN2 LIKE 'ab%' ESCAPE '~'");
  EXPECT_EQ(like("nvarchar(20)", "a\\%[^~]\\_\\\\"), "c COLLATE Latin1_General_BIN2 LIKE N'a~%~[^~~]~_\\%' ESCAPE '~'");
  EXPECT_EQ(like("nvarchar(20)", "%a"), "");
  EXPECT_EQ(like("nvarchar(20)", ""), "");
  EXPECT_EQ(like("nvarchar(20)", "a\\"), "");
  EXPECT_EQ(like("varchar(20)", "\xC3\xA9%"), "");
  EXPECT_EQ(support(column("nvarchar(20)"), Operator::like, "a"), Support::narrowing);
  EXPECT_EQ(support(column("nvarchar(20)"), Operator::not_like, "a"), Support::none);
}

TEST(SqlServerDialect, Parameters) {
  const auto with = [](const core::RemoteColumn& described, Operator operation) {
    const Expression condition{.operation = operation,
                               .operands = {Expression::of_column(0), Expression::of_parameter(1)}};
    return core::testing::statement(dialect(), {.columns = {0}, .where = condition}, {described});
  };
  EXPECT_EQ(with(column("int"), Operator::equal), "SELECT x FROM t WHERE c = $1");
  EXPECT_EQ(with(column("datetime"), Operator::less), "SELECT x FROM t WHERE c < $1");
  EXPECT_EQ(with(column("nvarchar(2)"), Operator::like),
            "SELECT x FROM t WHERE c COLLATE Latin1_General_BIN2 LIKE $1 ESCAPE '~'");
}

TEST(SqlServerDialect, Lists) {
  const auto in = [](const core::RemoteColumn& described, std::vector<std::string> values) {
    Expression condition{.operation = Operator::in, .operands = {Expression::of_column(0)}};
    for (std::string& value : values) condition.operands.push_back(Expression::constant(std::move(value)));
    return core::testing::statement(dialect(), {.columns = {0}, .where = condition}, {described});
  };
  EXPECT_EQ(in(column("int"), {"1", "3000000000"}), "SELECT x FROM t WHERE c IN (1, CAST(3000000000 AS bigint))");
  EXPECT_EQ(in(column("nvarchar(2)"), {"a", "b"}), "SELECT x FROM t WHERE c IN (N'a', N'b')");
}

TEST(SqlServerDialect, NullIsTheSmallestValueThere) {
  const core::RemoteColumn number = column("int");
  EXPECT_EQ(order(number, false, Nulls::last), "CASE WHEN c IS NULL THEN 1 ELSE 0 END, c");
  EXPECT_EQ(order(number, true, Nulls::first), "CASE WHEN c IS NULL THEN 0 ELSE 1 END, c DESC");
  EXPECT_EQ(order(number, false, Nulls::first), "c");
  EXPECT_EQ(order(number, true, Nulls::last), "c DESC");
  EXPECT_EQ(order(number, true, Nulls::first, true), "c DESC");
  EXPECT_EQ(order(number, false, Nulls::wherever), "c");
}

// Columns beside columns

/// What an inner join of two columns stands upon; empty if the server can't be asked so.
std::string on(const core::RemoteColumn& left, const core::RemoteColumn& right, Operator operation = Operator::equal) {
  const std::vector<core::RemoteColumn> columns{left, right};
  const Expression condition{.operation = operation, .operands = {Expression::of_column(0), Expression::of_column(1)}};
  const core::Scan scan{.columns = {0}, .joins = {{.on = condition}}};
  if (!dialect().joins(scan.joins[0], columns)) return "";
  const auto name = [](std::size_t index) { return index == 0 ? std::string("r0.[a]") : std::string("r1.[b]"); };
  const std::string sql = dialect().select(
      scan, {.list = "x", .from = "t AS r0", .column = name, .condition = {}, .joined = {"u AS r1"}}, columns);
  const std::string begin = "SELECT x FROM t AS r0 INNER JOIN u AS r1 ON ";
  EXPECT_TRUE(sql.starts_with(begin)) << sql;
  return sql.substr(begin.size());
}

TEST(SqlServerDialect, ColumnsAreComparedWhereNothingIsLost) {
  const std::string equal = "r0.[a] = r1.[b]";
  EXPECT_EQ(on(column("tinyint"), column("bigint")), equal);
  EXPECT_EQ(on(decimal(18, 4), decimal(9, 2)), equal);
  EXPECT_EQ(on(decimal(38, 4), decimal(34, 0)), equal);
  EXPECT_EQ(on(decimal(38, 0), decimal(38, 38)), "");
  EXPECT_EQ(on(decimal(38, 0), decimal(2, 1)), "");
  EXPECT_EQ(on(column("money"), column("smallmoney"), Operator::less), "r0.[a] < r1.[b]");
  EXPECT_EQ(on(column("bit"), column("bit")), equal);
  EXPECT_EQ(on(column("date"), column("date")), equal);
  EXPECT_EQ(on(with_scale("datetime2", 3), with_scale("datetime2", 3)), equal);
  EXPECT_EQ(on(with_scale("datetimeoffset", 0), with_scale("datetimeoffset", 0)), equal);
  EXPECT_EQ(on(column("smalldatetime"), column("smalldatetime")), equal);
  EXPECT_EQ(on(with_scale("datetime2", 3), with_scale("datetime2", 6)), "");
  EXPECT_EQ(on(with_scale("datetime2", 6), with_scale("datetimeoffset", 6)), "");
  EXPECT_EQ(on(with_scale("datetime2", 7), with_scale("datetime2", 7)), "");
  EXPECT_EQ(on(with_scale("datetime2", 0), column("smalldatetime")), "");
  EXPECT_EQ(on(column("int"), decimal(9, 0)), "");
  EXPECT_EQ(on(column("money"), decimal(19, 4)), "");
  for (const char* type : {"datetime", "float", "real", "uniqueidentifier", "varbinary(20)", "nvarchar(20)",
                           "varchar(20)", "nchar(20)", "ntext", "xml", "sql_variant"}) {
    EXPECT_EQ(on(column(type), column(type)), "") << type;
  }
}

// Groups and aggregates

TEST(SqlServerDialect, GroupsOfExactTypes) {
  for (const char* type : {"tinyint", "bigint", "money", "smallmoney", "bit", "date", "smalldatetime"}) {
    EXPECT_TRUE(dialect().groups(column(type))) << type;
  }
  EXPECT_TRUE(dialect().groups(decimal(38, 10)));
  EXPECT_TRUE(dialect().groups(with_scale("datetime2", 6)));
  EXPECT_TRUE(dialect().groups(with_scale("time", 0)));
  EXPECT_FALSE(dialect().groups(with_scale("datetime2", 7)));
  EXPECT_FALSE(dialect().groups(with_scale("datetimeoffset", 0)));
  for (const char* type : {"datetime", "float", "uniqueidentifier", "binary(20)", "nvarchar(20)", "char(20)", "xml"}) {
    EXPECT_FALSE(dialect().groups(column(type))) << type;
  }
  const core::Scan scan{.columns = {0}, .is_grouped = true, .limit = 3};
  EXPECT_EQ(core::testing::statement(dialect(), scan, {column("int")}), "SELECT TOP (3) c, x FROM t GROUP BY c");
}

/// The aggregate in SQL; empty if the server can't be asked for it.
std::string aggregated(core::AggregateFunction function, const core::RemoteColumn& of) {
  const core::Aggregate aggregate{.function = function, .column = 0};
  if (!dialect().aggregates(aggregate, {of})) return "";
  const std::string sql = core::testing::statement(dialect(), {.is_grouped = true, .aggregates = {aggregate}}, {of});
  const std::size_t begin = std::string("SELECT ").size();
  return sql.substr(begin, sql.find(", x FROM t") - begin);
}

TEST(SqlServerDialect, Aggregates) {
  using enum core::AggregateFunction;
  EXPECT_EQ(aggregated(count_rows, column("xml")), "COUNT_BIG(*)");
  EXPECT_EQ(aggregated(count, column("nvarchar(20)")), "COUNT_BIG(c)");
  EXPECT_EQ(aggregated(count, column("ntext")), "COUNT_BIG(CASE WHEN c IS NOT NULL THEN 1 END)");
  EXPECT_EQ(aggregated(count_distinct, column("bit")), "COUNT_BIG(DISTINCT c)");
  EXPECT_EQ(aggregated(count_distinct, column("nvarchar(20)")), "");
  EXPECT_EQ(aggregated(sum, column("int")), "SUM(CAST(c AS decimal(19, 0)))");
  EXPECT_EQ(aggregated(sum, column("smallmoney")), "SUM(CAST(c AS decimal(19, 4)))");
  EXPECT_EQ(aggregated(sum, decimal(20, 20)), "SUM(c)");
  EXPECT_EQ(aggregated(sum, decimal(21, 0)), "");
  EXPECT_EQ(aggregated(minimum, decimal(38, 0)), "MIN(c)");
  EXPECT_EQ(aggregated(maximum, with_scale("datetimeoffset", 6)), "MAX(c)");
  EXPECT_EQ(aggregated(maximum, with_scale("datetimeoffset", 7)), "");
  for (const char* type : {"bit", "float", "date", "nvarchar(20)", "uniqueidentifier"}) {
    EXPECT_EQ(aggregated(sum, column(type)), "") << type;
  }
  for (const char* type : {"bit", "float", "datetime", "nvarchar(20)", "uniqueidentifier", "varbinary(20)", "xml"}) {
    EXPECT_EQ(aggregated(minimum, column(type)), "") << type;
  }
}

}  // namespace
}  // namespace connector::sqlserver
