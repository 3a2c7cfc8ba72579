#include "drivers/mysql/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/mysql/constants.hpp"

namespace connector::mysql {
namespace {

using core::Operator;
using core::TypeKind;

TEST(MysqlDialect, ItsTableIsThatOfTheDocuments) {
  EXPECT_EQ(core::testing::documented_rules("mysql"), core::testing::markdown(dialect().rules()));
}

TEST(MysqlDialect, QuotesIdentifiers) {
  EXPECT_EQ(quote_identifier("plain"), "`plain`");
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_identifier("mañana \"x\" 'y' \\"), "`mañana \"x\" 'y' \\`");
  EXPECT_EQ(quote_table("my db", "t`"), "`my db`.`t```");
}

TEST(MysqlDialect, QuotesLiterals) {
  EXPECT_EQ(quote_literal("plain"), "'plain'");
  EXPECT_EQ(quote_literal("it's"), "'it\\'s'");
  EXPECT_EQ(quote_literal("\\"), "'\\\\'");
  EXPECT_EQ(quote_literal(std::string_view("a\0b", 3)), "'a\\0b'");
}

core::RemoteColumn column(std::string remote_type, core::LogicalType type, std::string collation = "") {
  core::RemoteColumn column;
  column.name = "c";
  column.collation = std::move(collation);
  column.remote_type = std::move(remote_type);
  column.type = std::move(type);
  return column;
}

std::string statement(const core::RemoteColumn& column, core::Scan scan) {
  return core::testing::statement(dialect(), scan, {column}).substr(std::string("SELECT x FROM t ").size());
}

/// What stands behind WHERE; "local" if nothing is sent.
std::string sent(const core::RemoteColumn& column, core::Operator operation, const std::vector<std::string>& values) {
  core::Expression condition{.operation = operation, .operands = {core::Expression::of_column(0)}};
  for (const std::string& value : values) condition.operands.push_back(core::Expression::constant(value));
  if (dialect().support(condition, {column}) == core::Support::none) return "local";
  return statement(column, {.columns = {0}, .where = condition}).substr(std::string("WHERE ").size());
}

std::string equal(const core::RemoteColumn& column, const std::string& value) {
  return sent(column, core::Operator::equal, {value});
}

std::string less(const core::RemoteColumn& column, const std::string& value) {
  return sent(column, core::Operator::less, {value});
}

std::string like(const core::RemoteColumn& column, const std::string& pattern) {
  return sent(column, core::Operator::like, {pattern});
}

TEST(MysqlDialect, Integers) {
  const core::RemoteColumn tiny = column("tinyint(4)", {.kind = TypeKind::int2});
  EXPECT_EQ(equal(tiny, "-128"), "c = -128");
  EXPECT_EQ(equal(tiny, "127"), "c = 127");
  // Servers cut what the column can't have; MariaDB forgets rows for it in NOT IN.
  EXPECT_EQ(equal(tiny, "-129"), "1 = 0");
  EXPECT_EQ(equal(tiny, "128"), "1 = 0");
  EXPECT_EQ(sent(tiny, Operator::not_in, {"-129", "5"}), "c NOT IN (5)");
  EXPECT_EQ(less(tiny, "128"), "c < 128");
  EXPECT_EQ(less(tiny, "-9223372036854775808"), "c < -9223372036854775808");
  EXPECT_EQ(less(tiny, "1; DROP TABLE t"), "local");
  const core::RemoteColumn unsigned_int = column("int(10) unsigned", {.kind = TypeKind::int8});
  EXPECT_EQ(equal(unsigned_int, "4294967295"), "c = 4294967295");
  EXPECT_EQ(equal(unsigned_int, "4294967296"), "1 = 0");
  EXPECT_EQ(equal(unsigned_int, "-1"), "1 = 0");
  EXPECT_EQ(equal(unsigned_int, "-0"), "c = -0");
  const core::RemoteColumn big = column("bigint(20) unsigned", {.kind = TypeKind::numeric, .length = 20});
  EXPECT_EQ(equal(big, "18446744073709551615"), "c = 18446744073709551615");
  EXPECT_EQ(equal(big, "18446744073709551616"), "1 = 0");
  EXPECT_EQ(equal(big, "1.5"), "1 = 0");
  EXPECT_EQ(equal(big, "1.00"), "c = 1");
  EXPECT_EQ(less(big, "1.5"), "c < 1.5");
  EXPECT_EQ(less(big, "NaN"), "local");
  EXPECT_EQ(equal(big, "NaN"), "1 = 0");
  EXPECT_EQ(sent(column("int", {.kind = TypeKind::int4}), Operator::in, {"1", "99999999999"}), "c IN (1)");
}

TEST(MysqlDialect, Years) {
  const core::RemoteColumn year = column("year(4)", {.kind = TypeKind::int2});
  EXPECT_EQ(equal(year, "2005"), "c = 2005");
  EXPECT_EQ(equal(year, "0"), "c = 0");
  EXPECT_EQ(equal(year, "5"), "1 = 0");
  EXPECT_EQ(equal(year, "2156"), "1 = 0");
  EXPECT_EQ(less(year, "1901"), "c < 1901");
  EXPECT_EQ(less(year, "50"), "local");
  EXPECT_EQ(less(year, "3000"), "local");
}

TEST(MysqlDialect, Decimals) {
  const core::RemoteColumn decimal = column("decimal(10,2)", {.kind = TypeKind::numeric, .length = 10, .scale = 2});
  EXPECT_EQ(equal(decimal, "1.100"), "c = 1.1");
  EXPECT_EQ(equal(decimal, "-0.50"), "c = -0.5");
  // MariaDB takes such a one for the nearest that the column has, if an index serves.
  EXPECT_EQ(equal(decimal, "1.105"), "1 = 0");
  EXPECT_EQ(equal(decimal, "123456789"), "1 = 0");
  EXPECT_EQ(less(decimal, "1.105"), "c < 1.105");
  EXPECT_EQ(less(decimal, std::string(65, '9')), "c < " + std::string(65, '9'));
  EXPECT_EQ(less(decimal, std::string(66, '9')), "local");
  EXPECT_EQ(less(decimal, "0." + std::string(31, '1')), "local");
  EXPECT_EQ(less(decimal, "NaN"), "local");
  EXPECT_EQ(less(decimal, "Infinity"), "local");
  EXPECT_EQ(equal(decimal, "Infinity"), "1 = 0");
  EXPECT_EQ(equal(column("decimal", {.kind = TypeKind::numeric}), "1.105"), "c = 1.105");
}

TEST(MysqlDialect, FloatsAreComparedAsDoubles) {
  const core::RemoteColumn number = column("double", {.kind = TypeKind::float8});
  EXPECT_EQ(equal(number, "1e-05"), "c = 1e-05");
  EXPECT_EQ(equal(number, "0.1"), "c = 0.1e0");
  EXPECT_EQ(equal(number, "-0"), "c = -0e0");
  for (const char* value : {"NaN", "Infinity", "-Infinity"}) EXPECT_EQ(equal(number, value), "1 = 0") << value;
  EXPECT_EQ(less(number, "-Infinity"), "local");
  EXPECT_EQ(less(column("float", {.kind = TypeKind::float4}), "3.140000104904175"), "c < 3.140000104904175e0");
}

TEST(MysqlDialect, Bits) {
  const core::RemoteColumn one = column("bit(1)", {.kind = TypeKind::boolean});
  EXPECT_EQ(equal(one, "true"), "c = 1");
  EXPECT_EQ(equal(one, "false"), "c = 0");
  const core::RemoteColumn some = column("bit(5)", {.kind = TypeKind::bit, .length = 5});
  EXPECT_EQ(equal(some, "10010"), "c = 18");
  EXPECT_EQ(equal(some, "010010"), "local");
  EXPECT_EQ(less(column("bit(64)", {.kind = TypeKind::bit, .length = 64}), std::string(64, '1')),
            "c < 18446744073709551615");
}

TEST(MysqlDialect, Dates) {
  const core::RemoteColumn date = column("date", {.kind = TypeKind::date, .length = -1});
  EXPECT_EQ(equal(date, "2024-02-29"), "c = DATE'2024-02-29'");
  EXPECT_EQ(less(date, "0044-03-15 BC"), "local");
  EXPECT_EQ(less(date, "10000-01-01"), "local");
  EXPECT_EQ(less(date, "infinity"), "local");
  for (const char* value : {"infinity", "-infinity", "0044-03-15 BC", "10001-01-01"}) {
    EXPECT_EQ(equal(date, value), "1 = 0") << value;
  }
  EXPECT_EQ(sent(date, Operator::in, {"infinity", "2024-02-29"}), "c IN (DATE'2024-02-29')");
  // Dates of the year 0, which the server may have, are of 1 BC here.
  EXPECT_EQ(equal(date, "0001-12-31 BC"), "local");
  const core::RemoteColumn stamp = column("timestamp(1)", {.kind = TypeKind::timestamptz, .length = 1});
  EXPECT_EQ(less(stamp, "2024-01-31 10:00:00.5+00"), "c < TIMESTAMP'2024-01-31 10:00:00.5'");
  EXPECT_EQ(less(stamp, "0044-03-15 10:00:00+00 BC"), "local");
  EXPECT_EQ(equal(stamp, "0044-03-15 10:00:00+00 BC"), "1 = 0");
  EXPECT_EQ(equal(stamp, "infinity"), "1 = 0");
  const core::RemoteColumn whole = column("datetime", {.kind = TypeKind::timestamp, .length = 0});
  EXPECT_EQ(equal(whole, "2024-01-31 10:00:00"), "c = TIMESTAMP'2024-01-31 10:00:00'");
  // All of these servers round such a one if an index serves.
  EXPECT_EQ(equal(whole, "2024-01-31 10:00:00.5"), "1 = 0");
  EXPECT_EQ(less(whole, "2024-01-31 10:00:00.5"), "c < TIMESTAMP'2024-01-31 10:00:00.5'");
}

TEST(MysqlDialect, Times) {
  const core::RemoteColumn time = column("time", {.kind = TypeKind::time, .length = 0});
  EXPECT_EQ(equal(time, "24:00:00"), "c = TIME'24:00:00'");
  EXPECT_EQ(equal(time, "10:00:00.5"), "1 = 0");
  EXPECT_EQ(less(time, "10:00:00.5"), "local");
  EXPECT_EQ(less(column("time(6)", {.kind = TypeKind::time, .length = 6}), "10:00:00.5"), "c < TIME'10:00:00.5'");
  EXPECT_EQ(less(column("time", {.kind = TypeKind::text}), "10:00:00"), "local");
  EXPECT_EQ(less(column("time", {.kind = TypeKind::interval}), "10:00:00"), "local");
}

TEST(MysqlDialect, BytesAndOthers) {
  const core::RemoteColumn bytes = column("varbinary(16)", {.kind = TypeKind::bytea});
  EXPECT_EQ(equal(bytes, "\\x00ff"), "c = x'00ff'");
  EXPECT_EQ(equal(bytes, "\\x"), "c = x''");
  EXPECT_EQ(equal(column("vector", {.kind = TypeKind::bytea}), "\\x00"), "local");
  const core::RemoteColumn uuid = column("uuid", {.kind = TypeKind::uuid});
  EXPECT_EQ(equal(uuid, "0f0e0d0c-0b0a-0908-0706-050403020100"), "c = '0f0e0d0c-0b0a-0908-0706-050403020100'");
  EXPECT_EQ(less(uuid, "0f0e0d0c-0b0a-0908-0706-050403020100"), "local");
  EXPECT_EQ(equal(column("json", {.kind = TypeKind::jsonb}), "1"), "local");
  EXPECT_EQ(equal(column("json", {.kind = TypeKind::text}), "1"), "local");
  EXPECT_EQ(equal(column("inet6", {.kind = TypeKind::text}), "::1"), "local");
}

const core::LogicalType text{.kind = TypeKind::text};

TEST(MysqlDialect, TextsByTheirBytes) {
  const std::string bytes = "CAST(CONVERT(c USING utf8mb4) AS BINARY)";
  const core::RemoteColumn unknown = column("text", text);
  EXPECT_EQ(equal(unknown, "Ab 1_"), "c = 'Ab 1_' AND " + bytes + " = x'416220315f'");
  EXPECT_EQ(equal(unknown, ""), "c = '' AND " + bytes + " = x''");
  // Of these there may be two in the column's character set, or none.
  EXPECT_EQ(equal(unknown, "a'b"), bytes + " = x'612762'");
  EXPECT_EQ(equal(unknown, "é"), bytes + " = x'c3a9'");
  const core::RemoteColumn unicode = column("varchar(9)", {.kind = TypeKind::varchar, .length = 9}, "utf8mb4_bin");
  EXPECT_EQ(equal(unicode, "é'\\"), "c = _utf8mb4'é\\'\\\\' COLLATE utf8mb4_bin AND " + bytes + " = x'c3a9275c'");
  EXPECT_EQ(
      sent(unicode, Operator::in, {"a", "é"}),
      "c IN (_utf8mb4'a' COLLATE utf8mb4_bin, _utf8mb4'é' COLLATE utf8mb4_bin) AND " + bytes + " IN (x'61', x'c3a9')");
  const core::RemoteColumn latin = column("char(9)", {.kind = TypeKind::varchar, .length = 9}, "latin1_swedish_ci");
  EXPECT_EQ(equal(latin, "a@b"), "c = _latin1'a@b' COLLATE latin1_swedish_ci AND " + bytes + " = x'614062'");
  EXPECT_EQ(equal(latin, "a?b"), bytes + " = x'613f62'");
  EXPECT_EQ(equal(latin, "é"), bytes + " = x'c3a9'");
  EXPECT_EQ(equal(column("varchar(9)", text, "sjis_japanese_ci"), "a~"), bytes + " = x'617e'");
  EXPECT_EQ(equal(column("enum('a','b')", text, "utf8mb4_bin"), "a"), bytes + " = x'61'");
  EXPECT_EQ(sent(unicode, Operator::not_equal, {"a"}), bytes + " <> x'61'");
  EXPECT_EQ(less(unicode, "a"), bytes + " < x'61'");
  EXPECT_EQ(statement(unicode, {.columns = {0}, .order_by = {{.column = 0, .nulls = core::Nulls::wherever}}}),
            "ORDER BY " + bytes);
}

TEST(MysqlDialect, PatternsByCharacters) {
  const core::RemoteColumn unicode =
      column("varchar(9)", {.kind = TypeKind::varchar, .length = 9}, "utf8mb4_swedish_ci");
  const std::string characters = "CONVERT(c USING utf8mb4) COLLATE utf8mb4_bin LIKE ";
  const std::string escape = " ESCAPE '\\\\'";
  EXPECT_EQ(like(unicode, "_é%"), characters + "'_é%'" + escape);
  EXPECT_EQ(like(unicode, "a\\%'"),
            "c LIKE 'a%' COLLATE utf8mb4_swedish_ci" + escape + " AND " + characters + "'a\\\\%\\''" + escape);
  EXPECT_EQ(like(unicode, "a\\"), "local");
  EXPECT_EQ(like(unicode, "\\\\"), characters + "'\\\\\\\\'" + escape);
  EXPECT_EQ(like(unicode, "é%"), characters + "'é%'" + escape);
  EXPECT_EQ(like(column("text", text, "utf8mb4_bin"), "a%"), characters + "'a%'" + escape);
  EXPECT_EQ(like(column("text", text, "latin1_swedish_ci"), "a%"), characters + "'a%'" + escape);
  EXPECT_EQ(sent(unicode, Operator::not_like, {"a%"}),
            "CONVERT(c USING utf8mb4) COLLATE utf8mb4_bin NOT LIKE 'a%'" + escape);
  EXPECT_EQ(like(column("int", {.kind = TypeKind::int4}), "a%"), "local");
}

TEST(MysqlDialect, IntegersOfAStatementThatIsRepeatedAreParameters) {
  const std::vector<core::RemoteColumn> columns{column("int", {.kind = TypeKind::int4}),
                                                column("decimal(10,2)", {.kind = TypeKind::numeric, .length = 10}),
                                                column("year(4)", {.kind = TypeKind::int2}), column("text", text)};
  const core::Expression condition = core::Expression::all_of(
      {core::Expression::comparison(0, Operator::greater, "7"),
       core::Expression::comparison(0, Operator::less, "99999999999"),
       core::Expression::comparison(1, Operator::equal, "7"), core::Expression::comparison(2, Operator::equal, "2007"),
       core::Expression::any_of({core::Expression::comparison(3, Operator::equal, "x"),
                                 {.operation = Operator::in,
                                  .operands = {core::Expression::of_column(0), core::Expression::constant("-8"),
                                               core::Expression::null(), core::Expression::constant("9")}}})});
  std::vector<std::int64_t> values;
  const core::Scan scan{.columns = {0}, .where = with_parameters(condition, columns, values)};
  EXPECT_EQ(values, (std::vector<std::int64_t>{7}));
  EXPECT_EQ(core::testing::statement(dialect_of_server(), scan, columns),
            "SELECT x FROM t WHERE c > ? AND c < 99999999999 AND c = 7 AND c = 2007 AND "
            "(c = 'x' AND CAST(CONVERT(c USING utf8mb4) AS BINARY) = x'78' OR c IN (-8, 9))");
  EXPECT_EQ(core::testing::statement(dialect(), scan, columns).substr(0, 29), "SELECT x FROM t WHERE c > $1 ");
}

TEST(MysqlDialect, NullIsTheSmallestValueThere) {
  const auto ordered = [](bool descending, core::Nulls nulls, bool not_null = false) {
    core::RemoteColumn number = column("int", {.kind = TypeKind::int4});
    number.not_null = not_null;
    return statement(number, {.columns = {0}, .order_by = {{.column = 0, .descending = descending, .nulls = nulls}}});
  };
  using core::Nulls;
  EXPECT_EQ(ordered(false, Nulls::last), "ORDER BY c IS NULL, c");
  EXPECT_EQ(ordered(false, Nulls::first), "ORDER BY c");
  EXPECT_EQ(ordered(true, Nulls::last), "ORDER BY c DESC");
  EXPECT_EQ(ordered(true, Nulls::first), "ORDER BY c IS NOT NULL, c DESC");
  EXPECT_EQ(ordered(true, Nulls::wherever), "ORDER BY c DESC");
  EXPECT_EQ(ordered(false, Nulls::last, true), "ORDER BY c");
}

}  // namespace
}  // namespace connector::mysql
