#include <gtest/gtest.h>

#include "core/remote/source.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/sort_key.hpp"

namespace connector::mysql {
namespace {

using core::AggregateFunction;
using core::Operator;
using core::TypeKind;

core::RemoteColumn column(std::string name, std::string remote_type, core::LogicalType type,
                          std::string collation = "") {
  core::RemoteColumn column;
  column.name = std::move(name);
  column.remote_type = std::move(remote_type);
  column.type = std::move(type);
  column.collation = std::move(collation);
  return column;
}

core::RemoteColumn text(std::string name, std::string collation, std::string remote_type = "varchar(9)") {
  return column(std::move(name), std::move(remote_type), {.kind = TypeKind::varchar, .length = 9},
                std::move(collation));
}

std::string select(const core::Scan& scan, const std::vector<core::RemoteColumn>& columns) {
  return dialect().select(
      scan,
      {.list = "", .from = "t", .column = [&](std::size_t index) { return columns.at(index).name; }, .joined = {"u"}},
      columns);
}

/// `a` with `b`, as they are compared; "local" if they are not.
std::string compared(const core::RemoteColumn& a, Operator comparison, const core::RemoteColumn& b) {
  const core::Expression condition{.operation = comparison,
                                   .operands = {core::Expression::of_column(0), core::Expression::of_column(1)}};
  const std::vector<core::RemoteColumn> columns = {a, b};
  if (dialect().support(condition, columns) != core::Support::exact) return "local";
  const std::string all = select({.where = condition}, columns);
  return all.substr(std::string("SELECT  FROM t WHERE ").size());
}

constexpr const char* by_bytes = "CAST(CONVERT(a USING utf8mb4) AS BINARY) = CAST(CONVERT(b USING utf8mb4) AS BINARY)";

TEST(MysqlJoins, TextsOfOneCollationHaveAnIndex) {
  EXPECT_EQ(compared(text("a", "utf8mb4_general_ci"), Operator::equal, text("b", "utf8mb4_general_ci")),
            std::string("a = b AND ") + by_bytes);
  EXPECT_EQ(compared(text("a", "latin1_swedish_ci"), Operator::equal, text("b", "latin1_swedish_ci")),
            std::string("a = b AND ") + by_bytes);
  EXPECT_EQ(compared(text("a", "utf8mb4_general_ci"), Operator::not_distinct, text("b", "utf8mb4_general_ci")),
            std::string("(a = b AND ") + by_bytes + " OR (a IS NULL AND b IS NULL))");
}

TEST(MysqlJoins, TextsOfOneCharacterSetAreComparedInBothCollations) {
  EXPECT_EQ(compared(text("a", "utf8mb4_general_ci"), Operator::equal, text("b", "utf8mb4_bin")),
            std::string("a = b COLLATE utf8mb4_general_ci AND b = a COLLATE utf8mb4_bin AND ") + by_bytes);
}

/// What has no place in Unicode becomes a question mark, in all of them the same one; the server may refuse to compare
/// some.
TEST(MysqlJoins, OtherTextsByTheirBytesAlone) {
  for (const auto& [first, second] : {std::pair("utf8mb4_bin", "utf8mb3_bin"), std::pair("sjis_bin", "sjis_bin"),
                                      std::pair("ascii_bin", "ascii_bin"), std::pair("", "")}) {
    EXPECT_EQ(compared(text("a", first), Operator::equal, text("b", second)), by_bytes) << first;
  }
  const core::RemoteColumn choice = text("b", "utf8mb4_bin", "enum('x','y')");
  EXPECT_EQ(compared(text("a", "utf8mb4_bin"), Operator::equal, choice), by_bytes);
  EXPECT_EQ(compared(text("a", "utf8mb4_bin"), Operator::less, text("b", "utf8mb4_bin")),
            "CAST(CONVERT(a USING utf8mb4) AS BINARY) < CAST(CONVERT(b USING utf8mb4) AS BINARY)");
}

TEST(MysqlJoins, Numbers) {
  const core::RemoteColumn integer = column("a", "int", {.kind = TypeKind::int4});
  EXPECT_EQ(compared(integer, Operator::equal, column("b", "bigint", {.kind = TypeKind::int8})), "a = b");
  EXPECT_EQ(
      compared(integer, Operator::equal, column("b", "bigint unsigned", {.kind = TypeKind::numeric, .length = 20})),
      "a = b");
  EXPECT_EQ(compared(integer, Operator::equal, column("b", "year", {.kind = TypeKind::int2})), "local");
  EXPECT_EQ(compared(integer, Operator::equal, text("b", "utf8mb4_bin")), "local");
  const core::RemoteColumn decimal =
      column("a", "decimal(10,2)", {.kind = TypeKind::numeric, .length = 10, .scale = 2});
  EXPECT_EQ(compared(decimal, Operator::less,
                     column("b", "decimal(20,5)", {.kind = TypeKind::numeric, .length = 20, .scale = 5})),
            "a < b");
}

/// Those with decimals equal others that they are not.
TEST(MysqlJoins, FloatsWithoutDecimals) {
  const core::RemoteColumn plain = column("a", "double", {.kind = TypeKind::float8});
  EXPECT_EQ(compared(plain, Operator::equal, column("b", "float unsigned", {.kind = TypeKind::float4})), "a = b");
  for (const char* type : {"float(10,2)", "double(10,2) unsigned"}) {
    const core::RemoteColumn vague = column("b", type, {.kind = TypeKind::float8});
    EXPECT_EQ(compared(plain, Operator::equal, vague), "local") << type;
    EXPECT_EQ(compared(vague, Operator::not_distinct, plain), "local") << type;
    EXPECT_EQ(compared(vague, Operator::less, vague), "local") << type;
    EXPECT_EQ(dialect().support(core::Expression::comparison(0, Operator::equal, "0.1"), {vague}), core::Support::none);
    EXPECT_FALSE(dialect().orders(vague));
  }
}

/// `IS NULL` would find zero dates.
TEST(MysqlJoins, DatesThatAreNull) {
  for (const auto& [type, kind] : {std::pair("date", TypeKind::date), std::pair("datetime", TypeKind::timestamp),
                                   std::pair("timestamp", TypeKind::timestamptz)}) {
    const std::vector<core::RemoteColumn> columns = {column("a", type, {.kind = kind})};
    const auto where = [&](Operator null_test) {
      return select({.where = core::Expression{.operation = null_test, .operands = {core::Expression::of_column(0)}}},
                    columns);
    };
    EXPECT_EQ(where(Operator::is_null), "SELECT  FROM t WHERE a <=> NULL");
    EXPECT_EQ(where(Operator::is_not_null), "SELECT  FROM t WHERE a IS NOT NULL");
  }
}

TEST(MysqlJoins, DatesThatAreZeroMakePairsThatAreNone) {
  core::RemoteColumn date = column("a", "date", {.kind = TypeKind::date});
  EXPECT_EQ(compared(date, Operator::equal, column("b", "date", {.kind = TypeKind::date})), "a = b");
  EXPECT_EQ(compared(date, Operator::equal, column("b", "datetime", {.kind = TypeKind::timestamp})), "local");
  date.may_become_null = true;
  EXPECT_EQ(compared(date, Operator::equal, column("b", "date", {.kind = TypeKind::date})), "local");
}

TEST(MysqlGroups, KeysAndValues) {
  const std::vector<core::RemoteColumn> columns = {text("a", "utf8mb4_general_ci"),
                                                   column("b", "bit(1)", {.kind = TypeKind::boolean}),
                                                   column("c", "int", {.kind = TypeKind::int4})};
  EXPECT_EQ(select({.columns = {0, 1, 2}, .is_grouped = true, .aggregates = {{}}}, columns),
            "SELECT a, b + 0, c, COUNT(*) FROM t GROUP BY CAST(CONVERT(a USING utf8mb4) AS BINARY), b + 0, c");
  EXPECT_EQ(select({.is_grouped = true,
                    .aggregates = {{AggregateFunction::count_distinct, 0}, {AggregateFunction::count_distinct, 1}}},
                   columns),
            "SELECT COUNT(DISTINCT CAST(CONVERT(a USING utf8mb4) AS BINARY)), COUNT(DISTINCT b + 0) FROM t");
}

/// Of longer values servers see the first bytes alone when they sort.
TEST(MysqlGroups, OnlyByWhatIsSortedWhole) {
  const auto is_whole = [](const char* remote_type, TypeKind kind) {
    const core::RemoteColumn described = column("c", remote_type, {.kind = kind});
    EXPECT_EQ(dialect().groups(described), sorts_whole(described)) << remote_type;
    return sorts_whole(described);
  };
  for (const char* type : {"char(255)", "varchar(1024)", "varchar(0)", "tinytext", "enum('a','b')", "set('a','b')"}) {
    EXPECT_TRUE(is_whole(type, TypeKind::text)) << type;
  }
  const std::string long_choice = "enum('" + std::string(max_sort_bytes, 'x') + "')";
  for (const char* type : {"varchar(1025)", "varchar(99999999999999999999)", "varchar", "text", "mediumtext",
                           "longtext", "enum", "set", long_choice.c_str()}) {
    EXPECT_FALSE(is_whole(type, TypeKind::text)) << type;
  }
  for (const char* type : {"binary(16)", "varbinary(4096)", "tinyblob"}) {
    EXPECT_TRUE(is_whole(type, TypeKind::bytea)) << type;
  }
  for (const char* type : {"varbinary(4097)", "varbinary", "blob", "longblob"}) {
    EXPECT_FALSE(is_whole(type, TypeKind::bytea)) << type;
  }
  EXPECT_TRUE(is_whole("int", TypeKind::int4));
  EXPECT_FALSE(dialect().groups(column("c", "uuid", {.kind = TypeKind::uuid})));
  EXPECT_FALSE(dialect().groups(column("c", "json", {.kind = TypeKind::jsonb})));
  EXPECT_FALSE(dialect().groups(column("c", "double", {.kind = TypeKind::float8})));
}

TEST(MysqlGroups, Sums) {
  const auto sum = [](const char* remote_type, core::LogicalType type) -> std::string {
    const std::vector<core::RemoteColumn> columns = {column("c", remote_type, std::move(type))};
    const core::Aggregate aggregate{AggregateFunction::sum, 0};
    if (!dialect().aggregates(aggregate, columns)) return "local";
    const core::LogicalType sum = sum_type(columns[0]);
    return select({.is_grouped = true, .aggregates = {aggregate}}, columns) + ' ' + std::to_string(sum.length) + ',' +
           std::to_string(sum.scale);
  };
  const std::string of_integers = "SELECT SUM(CAST(c AS DECIMAL(20,0))) FROM t 42,0";
  EXPECT_EQ(sum("tinyint(1)", {.kind = TypeKind::int2}), of_integers);
  EXPECT_EQ(sum("bigint unsigned", {.kind = TypeKind::numeric, .length = 20}), of_integers);
  EXPECT_EQ(sum("year", {.kind = TypeKind::int2}), of_integers);
  EXPECT_EQ(sum("decimal(10,2)", {.kind = TypeKind::numeric, .length = 10, .scale = 2}), "SELECT SUM(c) FROM t 32,2");
  EXPECT_EQ(sum("decimal(43,30)", {.kind = TypeKind::numeric, .length = 43, .scale = 30}),
            "SELECT SUM(c) FROM t 65,30");
  // It could be more than the largest decimal.
  EXPECT_EQ(sum("decimal(44,2)", {.kind = TypeKind::numeric, .length = 44, .scale = 2}), "local");
  EXPECT_EQ(sum("decimal", {.kind = TypeKind::numeric}), "local");
  EXPECT_EQ(sum("double", {.kind = TypeKind::float8}), "local");
  EXPECT_EQ(sum("bit(5)", {.kind = TypeKind::bit, .length = 5}), "local");
}

}  // namespace
}  // namespace connector::mysql
