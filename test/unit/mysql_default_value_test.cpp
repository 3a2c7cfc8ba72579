#include "drivers/mysql/default_value.hpp"

#include <string>

#include <gtest/gtest.h>

#include "defaults.hpp"

namespace connector::mysql {
namespace {

using core::TypeKind;

struct Column {
  const char* type;
  core::LogicalType local;
};

const Column number{"int", local_type(TypeKind::int4)};
const Column word{"varchar(40)", local_type(TypeKind::varchar, 40)};
const Column choice{"enum('a','b')", local_type(TypeKind::text)};
const Column flag{"bit(1)", local_type(TypeKind::boolean)};
const Column truth{"tinyint(1)", local_type(TypeKind::boolean)};
const Column bits{"bit(10)", local_type(TypeKind::bit, 10)};
const Column bytes{"varbinary(8)", local_type(TypeKind::bytea)};
const Column fixed_bytes{"binary(4)", local_type(TypeKind::bytea)};
const Column day{"date", local_type(TypeKind::date)};
const Column clock{"time", local_type(TypeKind::time)};
const Column moment{"datetime", local_type(TypeKind::timestamp)};
const Column instant{"timestamp", local_type(TypeKind::timestamptz)};

/// As MySQL, and MariaDB before 10.2.7, tell a constant.
std::string value(const Column& column, const char* text) {
  return shown_default(default_of({.column_type = column.type, .text = text}, column.local));
}

/// As MySQL 8 and later tell an expression.
std::string expression(const Column& column, const char* text) {
  return shown_default(
      default_of({.column_type = column.type, .text = text, .extra = "DEFAULT_GENERATED"}, column.local));
}

/// As MariaDB from 10.2.7 on tells any.
std::string sql(const Column& column, const char* text) {
  return shown_default(default_of({.column_type = column.type, .text = text, .is_sql = true}, column.local));
}

TEST(MysqlDefaultValue, ConstantsWithoutQuotes) {
  EXPECT_EQ(value(number, "-5"), "constant -5");
  EXPECT_EQ(value(word, "it's \\ \"q\""), "constant it's \\ \"q\"");
  EXPECT_EQ(value(word, "CURRENT_TIMESTAMP"), "constant CURRENT_TIMESTAMP");
  EXPECT_EQ(value(word, "NULL"), "constant NULL");
  EXPECT_EQ(value(word, ""), "constant ");
  EXPECT_EQ(value(choice, "b"), "constant b");
  EXPECT_EQ(value(day, "2020-01-02"), "constant 2020-01-02");
  EXPECT_EQ(value(instant, "2020-01-02 03:04:05"), "constant 2020-01-02 03:04:05+00");
  EXPECT_EQ(shown_default(default_of({.column_type = "int"}, number.local)), "none");
}

TEST(MysqlDefaultValue, Bits) {
  EXPECT_EQ(value(flag, "b'1'"), "constant true");
  EXPECT_EQ(value(flag, "b'0'"), "constant false");
  EXPECT_EQ(value(bits, "b'101'"), "constant 0000000101");
  EXPECT_EQ(value(bits, "b'11111111111'"), "other b'11111111111'");
  EXPECT_EQ(sql(bits, "b'101'"), "constant 0000000101");
  EXPECT_EQ(sql(number, "b'101'"), "other b'101'");
}

TEST(MysqlDefaultValue, TinyintAsBoolean) {
  EXPECT_EQ(value(truth, "0"), "constant false");
  EXPECT_EQ(value(truth, "1"), "constant true");
  EXPECT_EQ(sql(truth, "-2"), "constant true");
  EXPECT_EQ(value(truth, "x"), "other x");
}

/// What is not known to be all of them is no constant.
TEST(MysqlDefaultValue, Bytes) {
  EXPECT_EQ(value(fixed_bytes, "0x61626364"), "constant \\x61626364");
  EXPECT_EQ(value(fixed_bytes, "0x6162"), "other 0x6162");
  EXPECT_EQ(value(fixed_bytes, "abcd"), "constant \\x61626364");
  EXPECT_EQ(value(bytes, "0x6162"), "other 0x6162");
  EXPECT_EQ(value(bytes, "abc"), "other abc");
  EXPECT_EQ(expression(bytes, "0x0102"), "constant \\x0102");
  EXPECT_EQ(sql(bytes, R"('ab\0')"), "constant \\x616200");
  EXPECT_EQ(sql(fixed_bytes, "0x61"), "constant \\x61000000");
  EXPECT_EQ(sql(bytes, R"('\0?A')"), R"(other '\0?A')");
}

/// An expression's literals are as they were written, in a session that nobody knows, and converted for each row.
TEST(MysqlDefaultValue, LiteralsOfExpressionsThatMeanSomethingElse) {
  const Column year{"year", local_type(TypeKind::int2)};
  const Column rounded{"float(5,2)", local_type(TypeKind::float4)};
  const auto is_other = [](const Column& column, const char* text) {
    return expression(column, text).starts_with("other ");
  };
  EXPECT_TRUE(is_other(word, "_utf8mb4\\'\xc3\x83\xc2\xa9\\'"));  // it was one letter, in UTF-8
  EXPECT_TRUE(is_other(word, R"(_utf8mb4\'abc\\\\d\')"));
  EXPECT_TRUE(is_other(bytes, R"(_utf8mb4\'abc\\\\d\')"));
  EXPECT_TRUE(is_other(choice, R"(_utf8mb4\'2\')"));
  EXPECT_TRUE(is_other({"set('a','b')", local_type(TypeKind::text)}, R"(_utf8mb4\'b,a\')"));
  EXPECT_TRUE(is_other(year, "99"));
  EXPECT_TRUE(is_other(year, R"(_utf8mb4\'0\')"));
  EXPECT_EQ(expression(year, "1999"), "constant 1999");
  EXPECT_TRUE(is_other(rounded, "1.239"));
  EXPECT_TRUE(is_other(rounded, R"(_utf8mb4\'1.239\')"));
  EXPECT_TRUE(is_other(number, R"(_utf8mb4\'0x10\')"));
  for (const char* text : {"01-02-03", "2020-1-2", "20200102", "2020-01-02 23"}) {
    EXPECT_TRUE(is_other(day, ("_utf8mb4\\'" + std::string(text) + "\\'").c_str())) << text;
  }
  EXPECT_TRUE(is_other(moment, R"(_utf8mb4\'01-02-03 04:05\')"));
  EXPECT_TRUE(is_other(moment, R"(_utf8mb4\'2020-01-02 10:11:12-05:00\')"));
  EXPECT_EQ(expression(moment, R"(_utf8mb4\'2020-01-02 10:11:12.5\')"), "constant 2020-01-02 10:11:12.5");
  EXPECT_TRUE(is_other(clock, R"(_utf8mb4\'1020\')"));  // 00:10:20
  EXPECT_EQ(expression(clock, R"(_utf8mb4\'10:20\')"), "constant 10:20");
}

TEST(MysqlDefaultValue, TimestampsOfMysql8DependOnASession) {
  const auto in_zone_of_its_maker = [](const Column& column) {
    return shown_default(default_of(
        {.column_type = column.type, .text = "2020-01-02 03:04:05", .in_zone_of_its_maker = true}, column.local));
  };
  EXPECT_EQ(in_zone_of_its_maker(instant), "other 2020-01-02 03:04:05");
  EXPECT_EQ(in_zone_of_its_maker(moment), "constant 2020-01-02 03:04:05");
}

TEST(MysqlDefaultValue, BlanksOfAChar) {
  EXPECT_EQ(value({"char(5)", local_type(TypeKind::varchar, 5)}, "ab   "), "constant ab");
  EXPECT_EQ(value(word, "ab   "), "constant ab   ");
}

TEST(MysqlDefaultValue, ZeroDatesAreNoConstants) {
  EXPECT_EQ(value(moment, "0000-00-00 00:00:00"), "other 0000-00-00 00:00:00");
  EXPECT_EQ(sql(day, "'2020-01-00'"), "other '2020-01-00'");
}

TEST(MysqlDefaultValue, TheCurrentTime) {
  EXPECT_EQ(value(moment, "CURRENT_TIMESTAMP"), "current time");
  EXPECT_EQ(value(instant, "CURRENT_TIMESTAMP(6)"), "current time");
  EXPECT_EQ(sql(moment, "current_timestamp()"), "current time");
  EXPECT_EQ(sql(moment, "current_timestamp(6)"), "current time");
  EXPECT_EQ(expression(moment, "now()"), "current time");
  EXPECT_EQ(expression(day, "curdate()"), "current time");
  EXPECT_EQ(expression(moment, "curdate()"), "other curdate()");
  EXPECT_EQ(expression(clock, "curtime()"), "current time");
  EXPECT_EQ(expression(moment, "utc_timestamp(6)"), "current UTC time");
  EXPECT_EQ(expression(instant, "utc_timestamp()"), "other utc_timestamp()");
  EXPECT_EQ(expression(word, "now()"), "other now()");
  EXPECT_EQ(expression(moment, "(now() + interval 1 day)"), "other (now() + interval 1 day)");
}

TEST(MysqlDefaultValue, Expressions) {
  EXPECT_EQ(expression(word, "uuid()"), "uuid");
  EXPECT_EQ(sql({"uuid", local_type(TypeKind::uuid)}, "uuid()"), "uuid");
  EXPECT_EQ(expression({"varchar(20)", local_type(TypeKind::varchar, 20)}, "uuid()"), "other uuid()");
  EXPECT_EQ(expression(word, R"(_utf8mb4\'x\\\'y\')"), "constant x'y");
  EXPECT_EQ(expression(word, "-(5)"), "constant -5");
  EXPECT_EQ(expression(word, "1e3"), "other 1e3");
  EXPECT_EQ(expression(choice, "2"), "other 2");
  EXPECT_EQ(expression(number, "(1 + 1)"), "other (1 + 1)");
  EXPECT_EQ(expression(day, "20200102"), "other 20200102");
  EXPECT_EQ(sql(number, "NULL"), "none");
  EXPECT_EQ(sql(word, "'NULL'"), "constant NULL");
  EXPECT_EQ(sql(word, R"('it''s \\ "q" \n é')"), "constant it's \\ \"q\" \n é");
}

TEST(MysqlDefaultValue, Numbering) {
  const auto extra = [](const char* words, std::optional<std::string> text) {
    return shown_default(default_of({.column_type = "int", .text = std::move(text), .extra = words}, number.local));
  };
  EXPECT_EQ(extra("auto_increment", std::nullopt), "other AUTO_INCREMENT");
  EXPECT_EQ(extra("STORED GENERATED", "NULL"), "none");
}

TEST(MysqlDefaultValue, HostileTexts) {
  for (const char* text : {"'a'||'b'", "'a", "'a' -- b", "'a'; DROP TABLE t", "concat('a','b')", "'a' 'b'", "sleep(9)",
                           "_ucs2'ab'", "now", "f(1)", "(select 1)", "`a`", "\"a\""}) {
    EXPECT_EQ(sql(word, text), std::string("other ") + text);
  }
  EXPECT_EQ(sql(word, "'\\0'"), "other '\\0'");
  EXPECT_EQ(value(word, "\xff"), "other \\xff");
  EXPECT_EQ(value(day, "'); DROP TABLE t"), "other '); DROP TABLE t");
  EXPECT_EQ(value(word, "'); DROP TABLE t"), "constant '); DROP TABLE t");  // a value, to be quoted
}

}  // namespace
}  // namespace connector::mysql
