#include "core/remote/sql_tokens.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace connector::core {
namespace {

/// The tokens as spaced() writes them; "-" if there are none.
std::string tokens(std::string_view text, const SqlWriting& writing = {}) {
  const auto found = sql_tokens(text, writing);
  return found ? spaced(*found) : "-";
}

TEST(SqlTokens, AreSplit) {
  EXPECT_EQ(tokens("'a''b'::character varying"), "'a'b' :: character varying");
  EXPECT_EQ(tokens("(-1.50e+3)"), "( - 1.50e+3 )");
  EXPECT_EQ(tokens("NOW()"), "now ( )");
  EXPECT_EQ(tokens("\"Ext\".f(.5)"), "\"Ext\" . f ( .5 )");
  EXPECT_EQ(tokens("N'x' b'101' _utf8mb4'y'"), "n'x' b'101' _utf8mb4'y'");
  EXPECT_EQ(tokens("0x00Ff"), "00Ff");
  EXPECT_EQ(tokens(""), "");
  EXPECT_EQ(tokens("[a]]b]", {.bracketed_names = true}), "\"a]b\"");
  EXPECT_EQ(tokens("[1]"), "[ 1 ]");
}

TEST(SqlTokens, ReadBackslashesAsTheServerWritesThem) {
  EXPECT_EQ(tokens(R"('a\'b\\n\n\%')", {.backslash_escapes = true}), "'a'b\\n\n\\%'");
  EXPECT_EQ(tokens(R"('a\')"), R"('a\')");
  EXPECT_EQ(without_backslashes(R"(_utf8mb4\'x\\\'y\')"), R"(_utf8mb4'x\'y')");
  EXPECT_EQ(without_backslashes(R"(a\)"), R"(a\)");
}

TEST(SqlTokens, RefuseWhatIsNoSimpleExpression) {
  for (const char* text :
       {"'a", "'a''", "\"a", "`a", "1 -- x", "1 /* x */", "# x", "1abc", "1.2.3", "1e", "0xfg", "\x01"}) {
    EXPECT_EQ(tokens(text), "-") << text;
  }
  EXPECT_EQ(tokens(R"('a\)", {.backslash_escapes = true}), "-");
  EXPECT_EQ(tokens("[a", {.bracketed_names = true}), "-");
  EXPECT_EQ(tokens(std::string("a\0b", 3)), "-");
  EXPECT_EQ(tokens(std::string(1000, '(')), "-");
  EXPECT_EQ(tokens('\'' + std::string(100000, 'x') + '\'').size(), 100002U);
}

TEST(SqlTokens, LoseTheirParenthesesOnlyIfTheyBelongTogether) {
  const auto inner = [](std::string_view text) { return spaced(without_parentheses(*sql_tokens(text, {}))); };
  EXPECT_EQ(inner("((1))"), "1");
  EXPECT_EQ(inner("(1) + (2)"), "( 1 ) + ( 2 )");
  EXPECT_EQ(inner("((1) + (2))"), "( 1 ) + ( 2 )");
  EXPECT_EQ(inner("()"), "");
  EXPECT_EQ(inner("(1"), "( 1");
  EXPECT_EQ(inner(")("), ") (");
}

TEST(SqlTokens, MakeANumberWithItsSigns) {
  const auto number = [](std::string_view text) { return signed_number(*sql_tokens(text, {})).value_or("-"); };
  EXPECT_EQ(number("5"), "5");
  EXPECT_EQ(number("(-(5.5))"), "-5.5");
  EXPECT_EQ(number("- -5"), "5");
  EXPECT_EQ(number("+5"), "5");
  EXPECT_EQ(number("-(0)"), "0");
  EXPECT_EQ(number("-0.0"), "-0.0");
  for (const char* text : {"", "()", "-", "1 + 1", "5 5", "-'5'", "x", "-(5) + 1"})
    EXPECT_EQ(number(text), "-") << text;
}

/// Whatever a server sends: it is read, or not, and nothing else happens.
TEST(SqlTokens, TakeAnyBytes) {
  std::mt19937 random(1);
  constexpr std::string_view pieces[] = {"'", "''", "\\", "(", ")",  "::", "-", "1",   "e",
                                         ".", "0x", "[",  "]", "\"", "a",  " ", "\xff"};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto count = random() % 20; count > 0; --count) {
      text += random() % 8 == 0 ? std::string(1, static_cast<char>(random()))
                                : std::string(pieces[random() % std::size(pieces)]);
    }
    const auto found = sql_tokens(text, {.backslash_escapes = round % 2 == 0, .bracketed_names = round % 3 == 0});
    if (!found) continue;
    EXPECT_LE(without_parentheses(*found).size(), found->size());
    signed_number(*found);
    without_backslashes(text);
  }
}

}  // namespace
}  // namespace connector::core
