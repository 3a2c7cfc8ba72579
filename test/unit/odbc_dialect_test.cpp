#include "drivers/odbc/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/odbc/catalog_rows.hpp"
#include "drivers/odbc/sql_names.hpp"
#include "grouped_scans.hpp"

namespace connector::odbc {
namespace {

using core::Expression;
using core::LogicalType;
using core::Operator;
using core::RemoteColumn;
using core::Support;
using core::TypeKind;

constexpr Database all_databases[] = {Database::other,  Database::postgres,  Database::mysql,
                                      Database::sqlite, Database::sqlserver, Database::oracle};

const LogicalType integer{.kind = TypeKind::int4};
const LogicalType decimal{.kind = TypeKind::numeric, .length = 10, .scale = 2};
const LogicalType day{.kind = TypeKind::date};
const LogicalType moment{.kind = TypeKind::timestamp};
const LogicalType zoned{.kind = TypeKind::timestamptz};
const LogicalType text{.kind = TypeKind::text};

std::optional<std::string> compared(Database database, const LogicalType& type, std::string value,
                                    Operator operation = Operator::greater_or_equal) {
  return core::testing::comparison(dialect(database), type, std::move(value), operation);
}

RemoteColumn text_column(Database database, std::string_view type_name) {
  RemoteColumn column;
  column.name = "c";
  column.type = text;
  column.collation = collation_of(database, type_name);
  return column;
}

std::optional<std::string> equal_text(Database database, std::string_view type_name, std::string value) {
  const std::vector<RemoteColumn> columns = {text_column(database, type_name)};
  const core::Scan scan{.columns = {0}, .where = Expression::comparison(0, Operator::equal, std::move(value))};
  if (dialect(database).support(*scan.where, columns) == Support::none) return std::nullopt;
  return core::testing::statement(dialect(database), scan, columns)
      .substr(std::string("SELECT x FROM t WHERE ").size());
}

TEST(OdbcDialect, TheTablesAreThoseOfTheDocumentation) {
  for (const auto& [name, database] :
       {std::pair("odbc postgres", Database::postgres), std::pair("odbc mysql", Database::mysql),
        std::pair("odbc sqlite", Database::sqlite), std::pair("odbc sqlserver", Database::sqlserver),
        std::pair("odbc oracle", Database::oracle), std::pair("odbc other", Database::other)}) {
    EXPECT_EQ(core::testing::documented_rules(name), core::testing::markdown(dialect(database).rules())) << name;
  }
}

TEST(OdbcDialect, WholeNumbersAreComparedByAll) {
  for (const Database database : all_databases) {
    EXPECT_EQ(compared(database, integer, "-5"), "c >= -5");
    EXPECT_EQ(compared(database, integer, "5 OR 1=1"), std::nullopt);
    EXPECT_EQ(compared(database, integer, "5", Operator::equal), "c = 5");
    EXPECT_TRUE(dialect(database).orders(core::testing::columns_of_types({integer})[0]));
  }
  const auto columns = core::testing::columns_of_types({integer});
  const Expression above = Expression::comparison(0, Operator::greater, "5");
  EXPECT_EQ(dialect(Database::other).support(above, columns), Support::exact);
  // A text in such a column is above all numbers.
  EXPECT_EQ(dialect(Database::sqlite).support(above, columns), Support::narrowing);
}

TEST(OdbcDialect, NumbersThatAreComparedOtherwiseThere) {
  for (const auto& [database, type] : {std::pair(Database::mysql, "year"), std::pair(Database::postgres, "oid"),
                                       std::pair(Database::postgres, "money"), std::pair(Database::mysql, "YEAR(4)")}) {
    auto columns = core::testing::columns_of_types({integer});
    columns[0].remote_type = type;
    const Expression equal = Expression::comparison(0, Operator::equal, "5");
    EXPECT_EQ(dialect(database).support(equal, columns), Support::none) << type;
    EXPECT_FALSE(dialect(database).orders(columns[0])) << type;
  }
}

TEST(OdbcDialect, UnknownDatabasesAreAskedForNoMore) {
  for (const LogicalType& type : {decimal, day, moment, zoned, text, LogicalType{.kind = TypeKind::float8}}) {
    EXPECT_EQ(compared(Database::other, type, "1"), std::nullopt);
  }
  EXPECT_EQ(collation_of(Database::other, "varchar"), "");
  EXPECT_EQ(core::testing::first_rows(dialect(Database::other), decimal), " ORDER BY c");
}

TEST(OdbcDialect, Decimals) {
  EXPECT_EQ(compared(Database::postgres, decimal, "-12.50"), "c >= -12.50");
  EXPECT_EQ(compared(Database::mysql, decimal, "NaN"), std::nullopt);
  EXPECT_EQ(compared(Database::mysql, decimal, "1e5"), std::nullopt);
  EXPECT_EQ(compared(Database::mysql, decimal, ".5"), std::nullopt);
  EXPECT_EQ(compared(Database::mysql, decimal, "0.101", Operator::equal), "1 = 0");
  EXPECT_EQ(compared(Database::mysql, decimal, "0.10000", Operator::equal), "c = 0.10000");
  EXPECT_EQ(compared(Database::mysql, decimal, "100", Operator::equal), "c = 100");
  EXPECT_EQ(compared(Database::sqlite, decimal, "1"), std::nullopt);
  EXPECT_EQ(compared(Database::sqlserver, decimal, std::string(36, '9')), "c >= " + std::string(36, '9'));
  EXPECT_EQ(compared(Database::sqlserver, decimal, std::string(37, '9')), std::nullopt);
}

TEST(OdbcDialect, DatesAndTimes) {
  EXPECT_EQ(compared(Database::postgres, day, "2024-02-29"), std::nullopt);
  EXPECT_EQ(compared(Database::sqlserver, day, "2024-02-29"), "c >= CAST('2024-02-29' AS date)");
  EXPECT_EQ(compared(Database::mysql, day, "0000-01-01"), std::nullopt);
  EXPECT_EQ(compared(Database::postgres, day, "infinity"), std::nullopt);
  EXPECT_EQ(compared(Database::postgres, day, "0044-03-15 BC"), std::nullopt);
  EXPECT_EQ(compared(Database::mysql, moment, "2024-02-29 10:00:00"), "c >= TIMESTAMP '2024-02-29 10:00:00'");
  EXPECT_EQ(compared(Database::mysql, moment, "2024-02-29 10:00:00.5"), "c >= TIMESTAMP '2024-02-29 10:00:00.5'");
  EXPECT_EQ(compared(Database::mysql, moment, "2024-02-29 10:00:00.5", Operator::equal), "1 = 0");
  EXPECT_EQ(compared(Database::postgres, moment, "9999-12-31 23:59:59"), std::nullopt);
  EXPECT_EQ(compared(Database::postgres, zoned, "2024-02-29 10:00:00+00"), "c >= TIMESTAMPTZ '2024-02-29 10:00:00+00'");
  EXPECT_EQ(compared(Database::mysql, zoned, "2024-02-29 10:00:00+00"), "c >= TIMESTAMP '2024-02-29 10:00:00'");
  EXPECT_EQ(compared(Database::postgres, zoned, "2024-02-29 10:00:00+02"), std::nullopt);
  EXPECT_EQ(compared(Database::postgres, moment, "10000-01-01 00:00:00"), std::nullopt);
  EXPECT_EQ(compared(Database::sqlserver, moment, "2024-02-29 10:00:00"),
            "c >= DATEADD(millisecond, -10, CAST('2024-02-29T10:00:00' AS datetime2))");
  EXPECT_EQ(compared(Database::sqlserver, moment, "0001-01-01 00:00:00"), std::nullopt);
}

TEST(OdbcDialect, Texts) {
  EXPECT_EQ(equal_text(Database::postgres, "varchar", "it's"), "c COLLATE \"C\" = 'it''s'");
  EXPECT_EQ(equal_text(Database::postgres, "text", "a\\b"), std::nullopt);
  EXPECT_EQ(equal_text(Database::postgres, "bpchar", "a"), std::nullopt);
  EXPECT_EQ(equal_text(Database::mysql, "VARCHAR(20)", "a'"), "CAST(CONVERT(c USING utf8mb4) AS BINARY) = x'6127'");
  EXPECT_EQ(equal_text(Database::sqlite, "TEXT", "a"), "CAST(c AS TEXT) = 'a'");
  EXPECT_EQ(equal_text(Database::sqlserver, "nvarchar", "\xc3\xa4"), std::nullopt);
  EXPECT_EQ(equal_text(Database::sqlserver, "ntext", "a"), std::nullopt);
  EXPECT_FALSE(dialect(Database::sqlite).orders(text_column(Database::sqlite, "text")));
  EXPECT_TRUE(dialect(Database::mysql).orders(text_column(Database::mysql, "text")));
}

TEST(OdbcDialect, Limits) {
  const auto limited = [](Database database, std::int64_t offset) {
    return core::testing::statement(dialect(database), {.columns = {0}, .limit = 3, .offset = offset},
                                    core::testing::columns_of_types({integer}));
  };
  EXPECT_EQ(limited(Database::postgres, 2), "SELECT x FROM t LIMIT 3 OFFSET 2");
  EXPECT_EQ(limited(Database::sqlserver, 0), "SELECT TOP (3) x FROM t");
  EXPECT_EQ(limited(Database::sqlserver, 2),
            "SELECT x FROM t ORDER BY (SELECT NULL) OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY");
  EXPECT_EQ(limited(Database::oracle, 2), "SELECT x FROM t OFFSET 2 ROWS FETCH FIRST 3 ROWS ONLY");
  EXPECT_EQ(limited(Database::other, 0), "SELECT x FROM t");
  EXPECT_FALSE(takes_limits(Database::other));
}

TEST(OdbcDialect, WhereNullStands) {
  const auto ordered = [](Database database, core::Nulls nulls, bool descending) {
    return core::testing::statement(
               dialect(database),
               {.columns = {0}, .order_by = {{.column = 0, .descending = descending, .nulls = nulls}}},
               core::testing::columns_of_types({integer}))
        .substr(std::string("SELECT x FROM t ORDER BY ").size());
  };
  EXPECT_EQ(ordered(Database::postgres, core::Nulls::last, false), "c NULLS LAST");
  EXPECT_EQ(ordered(Database::mysql, core::Nulls::first, false), "c");
  EXPECT_EQ(ordered(Database::mysql, core::Nulls::last, false), "CASE WHEN c IS NULL THEN 1 ELSE 0 END, c");
  EXPECT_EQ(ordered(Database::sqlserver, core::Nulls::last, true), "c DESC");
  EXPECT_EQ(ordered(Database::other, core::Nulls::first, false), "CASE WHEN c IS NULL THEN 0 ELSE 1 END, c");
}

/// Of longer ones only the beginning counts.
TEST(OdbcDialect, MysqlOrdersTextsThatAreShort) {
  const auto whole = [](Database database, std::string remote_type) {
    RemoteColumn column = text_column(database, remote_type);
    column.remote_type = std::move(remote_type);
    return sorts_whole(database, column);
  };
  for (const char* type : {"varchar(1024)", "CHAR(3)", "tinytext"}) EXPECT_TRUE(whole(Database::mysql, type)) << type;
  for (const char* type : {"varchar(1025)", "varchar", "text", "longtext", "text(65535)"}) {
    EXPECT_FALSE(whole(Database::mysql, type)) << type;
  }
  EXPECT_TRUE(whole(Database::postgres, "text"));
}

TEST(OdbcDialect, MysqlDatesThatAreNull) {
  const core::Scan scan{.columns = {0},
                        .where = Expression{.operation = Operator::is_null, .operands = {Expression::of_column(0)}}};
  const auto where = [&](Database database, const LogicalType& type) {
    return core::testing::statement(dialect(database), scan, core::testing::columns_of_types({type}))
        .substr(std::string("SELECT x FROM t WHERE ").size());
  };
  for (const LogicalType& type : {day, moment, zoned}) EXPECT_EQ(where(Database::mysql, type), "c <=> NULL");
  EXPECT_EQ(where(Database::mysql, integer), "c IS NULL");
  EXPECT_EQ(where(Database::sqlserver, day), "c IS NULL");
}

RemoteColumn column_of(const LogicalType& type) {
  return core::testing::columns_of_types({type})[0];
}

TEST(OdbcDialect, RowsAndValuesAreCountedByAllThatAreKnown) {
  using core::AggregateFunction;
  EXPECT_FALSE(takes_aggregates(Database::other));
  EXPECT_FALSE(takes_aggregates(Database::mdbtools));
  for (const Database database :
       {Database::postgres, Database::mysql, Database::sqlite, Database::sqlserver, Database::oracle}) {
    EXPECT_TRUE(takes_aggregates(database));
    const std::string count = database == Database::sqlserver ? "COUNT_BIG" : "COUNT";
    const auto sql = [&](AggregateFunction function, const RemoteColumn& column) {
      return core::testing::aggregate_sql(dialect(database), function, column);
    };
    EXPECT_EQ(sql(AggregateFunction::count_rows, column_of(integer)), count + "(*)");
    EXPECT_EQ(sql(AggregateFunction::count, column_of(integer)), count + "(c)");
    RemoteColumn zero_dates = column_of(day);
    zero_dates.may_become_null = true;
    EXPECT_EQ(sql(AggregateFunction::count, zero_dates), std::nullopt);
  }
}

/// Large objects among them: SQL Server and Oracle don't count these as they are.
TEST(OdbcDialect, ValuesOfTypesThatAreNotKnown) {
  const auto count = [](Database database, const RemoteColumn& column) {
    return core::testing::aggregate_sql(dialect(database), core::AggregateFunction::count, column);
  };
  for (const TypeKind kind : {TypeKind::text, TypeKind::bytea}) {
    const RemoteColumn column = column_of({.kind = kind});
    EXPECT_EQ(count(Database::sqlserver, column), "COUNT_BIG(CASE WHEN c IS NOT NULL THEN 1 END)");
    EXPECT_EQ(count(Database::oracle, column), std::nullopt);
    EXPECT_EQ(count(Database::postgres, column), "COUNT(c)");
  }
  EXPECT_EQ(count(Database::sqlserver, text_column(Database::sqlserver, "nvarchar")), "COUNT_BIG(c)");
  EXPECT_EQ(core::testing::aggregate_sql(dialect(Database::sqlserver), core::AggregateFunction::count_distinct,
                                         column_of(integer)),
            "COUNT_BIG(DISTINCT c)");
}

TEST(OdbcDialect, GroupsAndAggregatesOfNumbers) {
  using core::AggregateFunction;
  const LogicalType wide{.kind = TypeKind::numeric, .length = 44, .scale = 0};
  for (const Database database : all_databases) {
    const auto sql = [&](AggregateFunction function, const LogicalType& type) {
      return core::testing::aggregate_sql(dialect(database), function, column_of(type));
    };
    const bool computes = takes_joins(database);
    const bool is_sqlserver = database == Database::sqlserver, is_mysql = database == Database::mysql;
    EXPECT_EQ(core::testing::grouped_by(dialect(database), column_of(integer)).has_value(), computes);
    EXPECT_EQ(sql(AggregateFunction::maximum, integer), computes ? std::optional("MAX(c)") : std::nullopt);
    EXPECT_EQ(sql(AggregateFunction::count_distinct, integer).has_value(), computes);
    EXPECT_EQ(sql(AggregateFunction::sum, integer), is_sqlserver ? std::optional("SUM(CAST(c AS decimal(38,0)))")
                                                    : is_mysql   ? std::optional("SUM(CAST(c AS DECIMAL(20,0)))")
                                                    : computes   ? std::optional("SUM(c)")
                                                                 : std::nullopt);
    EXPECT_EQ(sql(AggregateFunction::sum, decimal), is_sqlserver ? std::optional("SUM(CAST(c AS decimal(38,2)))")
                                                    : is_mysql   ? std::optional("SUM(CAST(c AS DECIMAL(10,2)))")
                                                    : computes   ? std::optional("SUM(c)")
                                                                 : std::nullopt);
    // With a sum that no type there has.
    EXPECT_EQ(sql(AggregateFunction::sum, wide).has_value(), database == Database::postgres);
    EXPECT_EQ(sql(AggregateFunction::sum, {.kind = TypeKind::float8}), std::nullopt);
    for (const TypeKind kind : {TypeKind::float8, TypeKind::numeric}) {
      EXPECT_EQ(core::testing::grouped_by(dialect(database), column_of({.kind = kind})), std::nullopt);
    }
  }
}

TEST(OdbcDialect, GroupsAndAggregatesOfDatesAndTexts) {
  using core::AggregateFunction;
  const auto greatest = [](Database database, const LogicalType& type) {
    return core::testing::aggregate_sql(dialect(database), AggregateFunction::maximum, column_of(type)).has_value();
  };
  const auto groups = [](Database database, const RemoteColumn& column) {
    return core::testing::grouped_by(dialect(database), column).has_value();
  };
  for (const LogicalType& type : {day, moment}) {
    EXPECT_TRUE(greatest(Database::mysql, type));
    EXPECT_TRUE(groups(Database::mysql, column_of(type)));
    EXPECT_TRUE(greatest(Database::sqlserver, type));
    // What psqlodbc has of infinity and of years before Christ is another value.
    EXPECT_FALSE(greatest(Database::postgres, type));
    EXPECT_FALSE(groups(Database::postgres, column_of(type)));
    EXPECT_FALSE(greatest(Database::sqlite, type));
  }
  EXPECT_TRUE(groups(Database::sqlserver, column_of(day)));
  EXPECT_FALSE(groups(Database::sqlserver, column_of(moment)));
  EXPECT_EQ(core::testing::grouped_by(dialect(Database::postgres), text_column(Database::postgres, "varchar")),
            "SELECT c COLLATE \"C\" FROM t GROUP BY c COLLATE \"C\"");
  EXPECT_FALSE(groups(Database::postgres, column_of(text)));  // whose comparison is not known
  // Of a long one only the beginning counts.
  EXPECT_FALSE(groups(Database::mysql, text_column(Database::mysql, "varchar")));
  EXPECT_FALSE(groups(Database::sqlserver, text_column(Database::sqlserver, "varchar")));
  EXPECT_FALSE(groups(Database::sqlite, text_column(Database::sqlite, "text")));
}

TEST(OdbcDialect, ColumnsBesideEachOther) {
  using core::testing::joined_on;
  for (const Database database : all_databases) {
    const auto on = joined_on(dialect(database), column_of(integer), column_of({.kind = TypeKind::int8}));
    EXPECT_EQ(on, takes_joins(database) ? std::optional("a = b") : std::nullopt);
  }
  EXPECT_EQ(joined_on(dialect(Database::postgres), text_column(Database::postgres, "text"),
                      text_column(Database::postgres, "varchar"), Operator::less),
            "a COLLATE \"C\" < b COLLATE \"C\"");
  EXPECT_EQ(joined_on(dialect(Database::mysql), text_column(Database::mysql, "char"),
                      text_column(Database::mysql, "text"), Operator::less),
            "CAST(CONVERT(a USING utf8mb4) AS BINARY) < CAST(CONVERT(b USING utf8mb4) AS BINARY)");
  core::Join join{
      .on = {.operation = Operator::equal, .operands = {Expression::of_column(0), Expression::of_column(1)}}};
  const std::vector<RemoteColumn> mysql = {text_column(Database::mysql, "char"), text_column(Database::mysql, "text"),
                                           column_of(integer)};
  const Expression of_texts = join.on;
  const Expression of_integers{.operation = Operator::equal,
                               .operands = {Expression::of_column(2), Expression::of_column(2)}};
  EXPECT_FALSE(dialect(Database::mysql).joins(join, mysql));
  join.on = Expression::all_of({of_texts, Expression::comparison(2, Operator::equal, "1")});
  EXPECT_FALSE(dialect(Database::mysql).joins(join, mysql));
  join.on = Expression::all_of({of_texts, of_integers});
  EXPECT_TRUE(dialect(Database::mysql).joins(join, mysql));
  EXPECT_EQ(joined_on(dialect(Database::sqlserver), text_column(Database::sqlserver, "varchar"),
                      text_column(Database::sqlserver, "varchar")),
            std::nullopt);
  EXPECT_EQ(joined_on(dialect(Database::postgres), column_of(moment), column_of(moment)), std::nullopt);
  EXPECT_EQ(joined_on(dialect(Database::mysql), column_of(moment), column_of(moment)), "a = b");
  EXPECT_EQ(joined_on(dialect(Database::mysql), column_of(moment), column_of(zoned)), std::nullopt);
  const LogicalType few{.kind = TypeKind::numeric, .length = 36, .scale = 0};
  EXPECT_EQ(joined_on(dialect(Database::sqlserver), column_of(decimal), column_of(few)), "a = b");
  const LogicalType many{.kind = TypeKind::numeric, .length = 38, .scale = 0};
  EXPECT_EQ(joined_on(dialect(Database::sqlserver), column_of(decimal), column_of(many)), std::nullopt);
  EXPECT_EQ(joined_on(dialect(Database::mysql), column_of(decimal), column_of(many)), "a = b");
}

TEST(OdbcNames, Quotes) {
  DriverTraits traits;
  traits.quote = "\"";
  EXPECT_EQ(quote_name(traits, "a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_table(traits, {.catalog = "c", .schema = "s", .table = "t"}), "\"c\".\"s\".\"t\"");
  traits.catalog_at_start = false;
  traits.catalog_separator = "@";
  EXPECT_EQ(quote_table(traits, {.catalog = "c", .schema = "", .table = "t"}), "\"t\"@\"c\"");
  traits.quote = "";
  EXPECT_EQ(quote_name(traits, "plain_1"), "plain_1");
  EXPECT_THROW(quote_name(traits, "a; DROP"), core::Error);
  EXPECT_THROW(quote_name(traits, ""), core::Error);
}

TEST(OdbcNames, PlacesOfTables) {
  DriverTraits traits;
  traits.has_schemas = true;
  traits.has_catalogs = true;
  EXPECT_EQ(table_name(traits, "s", "t").schema, "s");
  traits.has_schemas = false;
  EXPECT_EQ(table_name(traits, "s", "t").catalog, "s");
  EXPECT_EQ(escaped_pattern("a_b%c\\", "\\"), "a\\_b\\%c\\\\");
  EXPECT_EQ(escaped_pattern("a_b", ""), "a_b");
}

TEST(OdbcNames, ASemicolonAtTheEndIsLeftOut) {
  const auto without = [](std::string_view sql, Database database = Database::postgres) {
    return std::string(without_semicolon(sql, database));
  };
  EXPECT_EQ(without("SELECT 1;"), "SELECT 1");
  EXPECT_EQ(without("SELECT 1 ; -- done; \n /* ; */ "), "SELECT 1 ");
  EXPECT_EQ(without("SELECT ';'"), "SELECT ';'");
  EXPECT_EQ(without("SELECT 1; SELECT 2"), "SELECT 1; SELECT 2");
  EXPECT_EQ(without("SELECT 1; SELECT 2;"), "SELECT 1; SELECT 2");
  EXPECT_EQ(without("SELECT 1;;"), "SELECT 1;;");
  EXPECT_EQ(without("SELECT $a$;$a$;"), "SELECT $a$;$a$");
  EXPECT_EQ(without("SELECT '\\';';", Database::mysql), "SELECT '\\';'");
  EXPECT_EQ(without("SELECT 1; # x", Database::mysql), "SELECT 1");
  EXPECT_EQ(without("SELECT [a;b];", Database::sqlserver), "SELECT [a;b]");
  EXPECT_EQ(without(""), "");
}

TEST(OdbcNames, QueriesThatCanBeAPart) {
  EXPECT_TRUE(can_be_derived("/* x */ select a from t", Database::postgres));
  EXPECT_TRUE(can_be_derived("WITH q AS (SELECT 1) SELECT * FROM q", Database::postgres));
  EXPECT_FALSE(can_be_derived("WITH q AS (SELECT 1) SELECT * FROM q", Database::sqlserver));
  EXPECT_FALSE(can_be_derived("SELECT a FROM t ORDER BY a", Database::postgres));
  EXPECT_TRUE(can_be_derived("SELECT 'order by' FROM t", Database::postgres));
  EXPECT_FALSE(can_be_derived("SHOW TABLES", Database::mysql));
  EXPECT_FALSE(can_be_derived("(SELECT 1)", Database::mysql));
  EXPECT_FALSE(can_be_derived("", Database::mysql));
}

}  // namespace
}  // namespace connector::odbc
