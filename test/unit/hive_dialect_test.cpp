#include "drivers/hive/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "grouped_scans.hpp"

namespace connector::hive {
namespace {

using core::Expression;
using core::Operator;
using core::RemoteColumn;
using core::Support;
using core::TypeKind;

RemoteColumn column_of(const core::LogicalType& type, std::string remote_type = "") {
  RemoteColumn column;
  column.name = "c";
  column.type = type;
  column.remote_type = std::move(remote_type);
  return column;
}

const core::LogicalType decimal{.kind = TypeKind::numeric, .length = 10, .scale = 2};
const RemoteColumn text = column_of({.kind = TypeKind::text}, "string");
const RemoteColumn varchar = column_of({.kind = TypeKind::varchar, .length = 5});
const RemoteColumn padded = column_of({.kind = TypeKind::bpchar, .length = 5});
const RemoteColumn truth = column_of({.kind = TypeKind::boolean});
const RemoteColumn moment = column_of({.kind = TypeKind::timestamp});
const RemoteColumn bytes = column_of({.kind = TypeKind::bytea});

/// What stands behind WHERE; nothing if the remote can't be asked so.
std::optional<std::string> sql(const RemoteColumn& column, const Expression& condition) {
  if (dialect().support(condition, {column}) == Support::none) return std::nullopt;
  return core::testing::statement(dialect(), {.columns = {0}, .where = condition}, {column})
      .substr(std::string("SELECT x FROM t WHERE ").size());
}

std::optional<std::string> sql(const RemoteColumn& column, Operator operation, std::string value) {
  return sql(column, Expression::comparison(0, operation, std::move(value)));
}

std::optional<std::string> compared(const core::LogicalType& type, std::string value,
                                    Operator operation = Operator::greater_or_equal) {
  return core::testing::comparison(dialect(), type, std::move(value), operation);
}

Support support(const RemoteColumn& column, Operator operation, std::string value) {
  return dialect().support(Expression::comparison(0, operation, std::move(value)), {column});
}

Expression with(Operator operation, std::vector<Expression> values = {}) {
  Expression condition{.operation = operation, .operands = {Expression::of_column(0)}};
  for (Expression& value : values) condition.operands.push_back(std::move(value));
  return condition;
}

TEST(HiveDialect, ThePageHasTheSameTable) {
  EXPECT_EQ(core::testing::documented_rules("hive"), core::testing::markdown(dialect().rules()));
}

TEST(HiveDialect, NamesAndPatterns) {
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_table("d", "t"), "`d`.`t`");
  EXPECT_EQ(escape_pattern("a_b%c\\d"), "a\\_b\\%c\\\\d");
}

TEST(HiveDialect, WordsThatOrderRows) {
  EXPECT_TRUE(may_order_rows("SELECT a FROM t\nORDER BY a"));
  EXPECT_TRUE(may_order_rows("select a from t sort by a"));
  EXPECT_FALSE(may_order_rows("SELECT `order`, 'sort' FROM orders -- cluster\n/* order */ WHERE reorder = \"order\""));
}

TEST(HiveDialect, NumbersAndDates) {
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "-12"), "c >= CAST('-12' AS BIGINT)");
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "-9223372036854775808"), "c >= CAST('-9223372036854775808' AS BIGINT)");
  EXPECT_EQ(compared({.kind = TypeKind::int8}, "1 OR 1=1"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::date}, "2024-02-29"), "c >= CAST('2024-02-29' AS DATE)");
  EXPECT_EQ(compared({.kind = TypeKind::date}, "x' OR '1"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::date}, "infinity"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::date}, "0044-03-15 BC"), std::nullopt);
  // The server has NULL for it.
  EXPECT_EQ(compared({.kind = TypeKind::date}, "10000-01-01"), std::nullopt);
  EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = TypeKind::int8}), " ORDER BY c LIMIT 2");
}

TEST(HiveDialect, DecimalsAreOfATypeThatHoldsTheirDigitsAndTheColumns) {
  EXPECT_EQ(compared(decimal, "1.50"), "c >= CAST('1.5' AS DECIMAL(10,2))");
  EXPECT_EQ(compared(decimal, "-.5"), "c >= CAST('-0.5' AS DECIMAL(10,2))");
  EXPECT_EQ(compared(decimal, "1.005"), "c >= CAST('1.005' AS DECIMAL(11,3))");
  EXPECT_EQ(compared(decimal, "123456789.5"), "c >= CAST('123456789.5' AS DECIMAL(11,2))");
  for (const char* other : {"1.005", "123456789", "NaN"}) {
    EXPECT_EQ(compared(decimal, other, Operator::equal), "1 = 0");
    EXPECT_EQ(compared(decimal, other, Operator::not_equal), "c IS NOT NULL");
  }
  EXPECT_EQ(compared(decimal, "1.500", Operator::equal), "c = CAST('1.5' AS DECIMAL(10,2))");
  EXPECT_EQ(compared({.kind = TypeKind::numeric, .length = 38, .scale = 0}, "0.5"), std::nullopt);
  EXPECT_EQ(compared({.kind = TypeKind::numeric}, "1"), std::nullopt);
  for (const char* none : {"NaN", "Infinity", "", "-", ".", "1e5", "1.2.3"}) {
    EXPECT_EQ(compared(decimal, none), std::nullopt) << none;
  }
}

TEST(HiveDialect, Texts) {
  EXPECT_EQ(sql(text, Operator::equal, "a b-c/é"), "c = 'a b-c/é'");
  EXPECT_EQ(sql(text, Operator::less, ""), "c < ''");
  for (const auto& [value, digits] : {std::pair{"a'b", "612762"},
                                      {"a\\b", "615c62"},
                                      {"${x}", "247b787d"},
                                      {"a--b", "612d2d62"},
                                      {"a;b", "613b62"},
                                      {"a\nb", "610a62"},
                                      {"\"", "22"},
                                      {"`", "60"}}) {
    EXPECT_EQ(sql(text, Operator::equal, value), "c = CAST(unhex('" + std::string(digits) + "') AS STRING)");
  }
  EXPECT_EQ(sql(text, Operator::equal, "\xED\x9F\xBF"), "c = '\xED\x9F\xBF'");  // U+D7FF
  EXPECT_EQ(sql(text, Operator::equal, "\xEE\x80\x80"), std::nullopt);          // U+E000
  EXPECT_EQ(sql(text, Operator::less, "a\U0001d11e"), std::nullopt);
  EXPECT_EQ(sql(text, with(Operator::in, {Expression::constant("a"), Expression::constant("_")})), "c IN ('a', '_')");
  EXPECT_TRUE(dialect().orders(text));
  // An array that is read as a text.
  EXPECT_EQ(sql(column_of({.kind = TypeKind::text}, "array"), Operator::equal, "a"), std::nullopt);
}

TEST(HiveDialect, Patterns) {
  EXPECT_EQ(sql(text, Operator::like, "a_b%"), "c LIKE 'a_b%'");
  EXPECT_EQ(sql(text, Operator::not_like, "%x"), "c NOT LIKE '%x'");
  EXPECT_EQ(sql(text, Operator::like, "a\\_b\\%\\c"), "c LIKE CAST(unhex('615c5f625c2563') AS STRING)");
  EXPECT_EQ(sql(text, Operator::like, "a\\\\b"), std::nullopt);
  EXPECT_EQ(sql(text, Operator::like, "a\\"), std::nullopt);
  EXPECT_EQ(sql(varchar, Operator::like, "a%"), "c LIKE 'a%'");
  for (const char* any_beginning : {"%a", "_a", "\\_a"}) {
    EXPECT_EQ(sql(varchar, Operator::like, any_beginning), std::nullopt);
  }
  EXPECT_EQ(sql(padded, Operator::like, "a%"), std::nullopt);
}

TEST(HiveDialect, TextsOfLimitedLength) {
  EXPECT_EQ(sql(varchar, Operator::equal, "a "), "c = 'a '");
  EXPECT_EQ(sql(varchar, Operator::less, "_a"), std::nullopt);
  EXPECT_TRUE(dialect().orders(varchar));
  EXPECT_EQ(sql(padded, Operator::equal, "a b  "), "c = 'a b'");
  EXPECT_EQ(support(padded, Operator::equal, "a"), Support::narrowing);
  EXPECT_EQ(sql(padded, with(Operator::in, {Expression::constant("a    "), Expression::constant("b")})),
            "(c = 'a' OR c = 'b')");
  EXPECT_EQ(sql(padded, Operator::equal, "_"), std::nullopt);
  EXPECT_EQ(sql(padded, Operator::not_equal, "a"), std::nullopt);
  EXPECT_EQ(sql(padded, Operator::less, "a"), std::nullopt);
  EXPECT_FALSE(dialect().orders(padded));
}

TEST(HiveDialect, APartitionWithoutAValueIsNoNull) {
  for (const RemoteColumn& column : {text, varchar, padded, truth}) {
    EXPECT_EQ(sql(column, with(Operator::is_null)), "c IS NULL");
    EXPECT_EQ(sql(column, with(Operator::is_not_null)), std::nullopt);
    EXPECT_EQ(sql(column, with(Operator::distinct, {Expression::null()})), std::nullopt);
  }
  EXPECT_EQ(sql(moment, with(Operator::is_not_null)), "c IS NOT NULL");
  EXPECT_EQ(sql(truth, Operator::equal, "true"), "(c = true OR c IS NULL)");
  EXPECT_EQ(support(truth, Operator::equal, "true"), Support::narrowing);
  EXPECT_EQ(sql(truth, Operator::not_equal, "true"), std::nullopt);
}

TEST(HiveDialect, TimestampsAreAskedForByWindows) {
  EXPECT_EQ(sql(moment, Operator::equal, "2024-03-01 00:00:00"),
            "c >= CAST('2024-02-29 20:59:59' AS TIMESTAMP) AND c < CAST('2024-03-01 03:00:01' AS TIMESTAMP)");
  EXPECT_EQ(sql(moment, Operator::greater, "1969-12-31 23:59:59.999999"),
            "c >= CAST('1969-12-31 20:59:59' AS TIMESTAMP)");
  EXPECT_EQ(sql(moment, Operator::greater_or_equal, "1969-12-31 23:59:59.5"),
            "c >= CAST('1969-12-31 20:59:59' AS TIMESTAMP)");
  EXPECT_EQ(sql(moment, Operator::less, "1969-12-31 23:59:59.5"), "c < CAST('1970-01-01 03:00:00' AS TIMESTAMP)");
  EXPECT_EQ(sql(moment, Operator::less_or_equal, "1969-12-31 23:59:59.999999"),
            "c < CAST('1970-01-01 03:00:00' AS TIMESTAMP)");
  for (const Operator operation : {Operator::equal, Operator::less, Operator::greater}) {
    EXPECT_EQ(support(moment, operation, "2024-03-01 00:00:00"), Support::narrowing);
  }
  for (const char* none : {"infinity", "-infinity", "0044-03-15 10:00:00 BC", "1582-12-31 23:59:59",
                           "9999-01-01 00:00:00", "10000-01-01 00:00:00", "2024-03-01"}) {
    EXPECT_EQ(sql(moment, Operator::less, none), std::nullopt) << none;
  }
  EXPECT_FALSE(dialect().orders(moment));
}

TEST(HiveDialect, Bytes) {
  EXPECT_EQ(sql(bytes, Operator::less, "\\x00ff"), "c < unhex('00ff')");
  EXPECT_EQ(sql(bytes, Operator::equal, "\\x"), "c = unhex('')");
  EXPECT_EQ(sql(bytes, Operator::equal, "a"), std::nullopt);
  EXPECT_TRUE(dialect().orders(bytes));
}

TEST(HiveDialect, FloatsAreLocal) {
  for (const TypeKind kind : {TypeKind::float4, TypeKind::float8}) {
    EXPECT_EQ(compared({.kind = kind}, "1.5", Operator::equal), std::nullopt);
    EXPECT_EQ(compared({.kind = kind}, "1.5"), std::nullopt);
    EXPECT_EQ(core::testing::first_rows(dialect(), {.kind = kind}), std::nullopt);
  }
}

const RemoteColumn number = column_of({.kind = TypeKind::int4});
const RemoteColumn day = column_of({.kind = TypeKind::date});

RemoteColumn decimal_of(std::int32_t precision, std::int32_t scale) {
  return column_of({.kind = TypeKind::numeric, .length = precision, .scale = scale});
}

TEST(HiveDialect, Groups) {
  using core::testing::grouped_by;
  for (const RemoteColumn& column : {number, day, text, column_of(decimal)}) {
    EXPECT_EQ(grouped_by(dialect(), column), "SELECT c FROM t GROUP BY c");
    EXPECT_EQ(core::testing::aggregate_sql(dialect(), core::AggregateFunction::count_distinct, column),
              "COUNT(DISTINCT c)");
  }
  // A decimal of servers before 0.13 has any digits behind the point.
  for (const RemoteColumn& column : {varchar, padded, truth, moment, bytes, column_of({.kind = TypeKind::float8}),
                                     column_of({.kind = TypeKind::numeric})}) {
    EXPECT_EQ(grouped_by(dialect(), column), std::nullopt);
  }
  RemoteColumn broken = text;
  broken.may_become_null = true;
  EXPECT_EQ(grouped_by(dialect(), broken), std::nullopt);
}

TEST(HiveDialect, Aggregates) {
  using core::AggregateFunction;
  const auto sql = [](AggregateFunction function, const RemoteColumn& column) {
    return core::testing::aggregate_sql(dialect(), function, column);
  };
  EXPECT_EQ(sql(AggregateFunction::count_rows, text), "COUNT(*)");
  EXPECT_EQ(sql(AggregateFunction::count, number), "COUNT(c)");
  // A partition without a value is no NULL where it is read.
  EXPECT_EQ(sql(AggregateFunction::count, text), std::nullopt);
  for (const auto function : {AggregateFunction::minimum, AggregateFunction::maximum}) {
    const std::string name = function == AggregateFunction::minimum ? "MIN(c)" : "MAX(c)";
    for (const RemoteColumn& column : {number, day, column_of(decimal)}) EXPECT_EQ(sql(function, column), name);
    for (const RemoteColumn& column : {text, varchar, moment, truth}) EXPECT_EQ(sql(function, column), std::nullopt);
  }
  EXPECT_EQ(sql(AggregateFunction::sum, column_of({.kind = TypeKind::int8})), "SUM(CAST(c AS decimal(38,0)))");
  EXPECT_EQ(sql(AggregateFunction::sum, column_of(decimal)), "SUM(CAST(c AS decimal(38,2)))");
  EXPECT_EQ(sql(AggregateFunction::sum, decimal_of(28, 28)), "SUM(CAST(c AS decimal(38,28)))");
  EXPECT_EQ(sql(AggregateFunction::sum, decimal_of(29, 2)), std::nullopt);
  EXPECT_EQ(sql(AggregateFunction::sum, column_of({.kind = TypeKind::numeric})), std::nullopt);
  EXPECT_EQ(sql(AggregateFunction::sum, column_of({.kind = TypeKind::float8})), std::nullopt);
  EXPECT_EQ(sql(AggregateFunction::sum, day), std::nullopt);
}

TEST(HiveDialect, ColumnsBesideEachOther) {
  using core::testing::joined_on;
  EXPECT_EQ(joined_on(dialect(), number, column_of({.kind = TypeKind::int8})), "a = b");
  EXPECT_EQ(joined_on(dialect(), day, day), "a = b");
  RemoteColumn compared = text;
  compared.collation = binary_collation;
  EXPECT_EQ(joined_on(dialect(), compared, compared), "concat(a, '') = concat(b, '')");
  EXPECT_EQ(joined_on(dialect(), compared, compared, Operator::less), "concat(a, '') < concat(b, '')");
  // It may be that of a partition.
  EXPECT_EQ(joined_on(dialect(), compared, text), std::nullopt);
  EXPECT_EQ(joined_on(dialect(), number, text), std::nullopt);
  EXPECT_EQ(joined_on(dialect(), number, column_of(decimal)), std::nullopt);
  for (const RemoteColumn& column : {varchar, padded, truth, moment, bytes}) {
    EXPECT_EQ(joined_on(dialect(), column, column), std::nullopt);
  }
  // A type that has the digits of both.
  EXPECT_EQ(joined_on(dialect(), decimal_of(30, 10), decimal_of(18, 18)), "a = b");
  EXPECT_EQ(joined_on(dialect(), decimal_of(30, 2), decimal_of(20, 11)), std::nullopt);
  EXPECT_EQ(joined_on(dialect(), column_of({.kind = TypeKind::numeric}), column_of(decimal)), std::nullopt);
}

TEST(HiveDialect, TheCursorPassesOverTheOffset) {
  const auto statement = [](std::int64_t limit, std::int64_t offset) {
    return core::testing::statement(dialect(), {.columns = {0}, .limit = limit, .offset = offset}, {text});
  };
  EXPECT_EQ(statement(5, 2), "SELECT x FROM t LIMIT 7");
  EXPECT_EQ(statement(2'147'483'647, 0), "SELECT x FROM t LIMIT 2147483647");
  EXPECT_EQ(statement(2'147'483'647, 1), "SELECT x FROM t");
}

}  // namespace
}  // namespace connector::hive
