#include "core/request/shown_statement.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace connector::core {
namespace {

const BroughtRequest brought{
    R"({"user": "o'neil", "password": "hunter2"})", R"({"user":"o'neil","password":"********"})", {"hunter2"}};

std::string shown(std::string_view statement, const BroughtRequest& request = brought) {
  return shown_statement(statement, std::span(&request, 1));
}

TEST(ShownStatement, ARequestIsReplacedInEverySpellingThatIsTold) {
  EXPECT_EQ(shown(R"(SELECT f($j${"user": "o'neil", "password": "hunter2"}$j$))"),
            R"(SELECT f($j${"user":"o'neil","password":"********"}$j$))");
  EXPECT_EQ(shown(R"(SELECT f('{"user": "o''neil", "password": "hunter2"}'::json, wait => 'x'))"),
            R"(SELECT f('{"user":"o''neil","password":"********"}'::json, wait => 'x'))");
  const BroughtRequest escaped{
      R"({"a": "\"", "password": "hunter2"})", R"({"a":"\"","password":"********"})", {"hunter2"}};
  EXPECT_EQ(shown(R"(SELECT f(E'{"a": "\\"", "password": "hunter2"}'))", escaped),
            R"(SELECT f(E'{"a":"\\"","password":"********"}'))");
  EXPECT_EQ(
      shown(
          R"(SELECT f('{"user": "o''neil", "password": "hunter2"}'), f('{"user": "o''neil", "password": "hunter2"}'))"),
      R"(SELECT f('{"user":"o''neil","password":"********"}'), f('{"user":"o''neil","password":"********"}'))");
}

TEST(ShownStatement, WhereTheRequestIsNotFoundAllIsHidden) {
  for (const char* statement :
       {R"(SELECT f(E'{"user": "o\'neil", "password": "hunter2"}'))", R"(SELECT f(U&'\007B"password": "hunter2"}'))",
        R"(SELECT f(E'\x7b"password": "hunt' 'er2"}'))", R"(SELECT f('{"password": "hunt' || 'er2"}'))",
        R"(SELECT f(json_build_object('password', 'hunter2')))", R"(SELECT f($$ {"password": "hunt$$ || $$er2"} $$))",
        R"(SELECT f('{ "user": "o''neil", "password": "hunter2"}'::jsonb::json))",
        "SELECT f(j) FROM t WHERE name = 'x'", "COPY t, line 1, column j: \"hunt\"", "SELECT f(hunter2())"}) {
    EXPECT_EQ(shown(statement), hidden_statement) << statement;
    EXPECT_EQ(shown(statement, {"", "", {"hunter2"}}), hidden_statement) << statement;
  }
}

TEST(ShownStatement, WithoutAnyTextInItIsShown) {
  for (const char* statement : {"SELECT f($1)", "SELECT f(j) FROM t WHERE id = 4711", "EXECUTE p",
                                "PL/pgSQL function f() line 3 at PERFORM", "SQL statement \"SELECT f(j)\""}) {
    EXPECT_EQ(shown(statement), statement);
    EXPECT_EQ(shown(statement, {}), statement);
  }
}

TEST(ShownStatement, WhatStandsAroundTheRequestMustBeHarmless) {
  const std::string call = R"(SELECT f('{"user": "o''neil", "password": "hunter2"}'))";
  for (const char* rest :
       {R"(; SELECT f('{"x": 1}'))", "; SELECT f(E'\\x7b')", "; SELECT U&'x'", " -- the password is x",
        " /* hunter2 */", "; ALTER ROLE x PASSWORD 'y'", "; SELECT 'my secret'"}) {
    EXPECT_EQ(shown(call + rest), hidden_statement) << rest;
  }
  EXPECT_NE(shown(call + "; SELECT 2"), hidden_statement);
}

TEST(ShownStatement, AShortPasswordIsNotToldByWhatIsMasked) {
  const BroughtRequest short_one{
      R"({"user": "anna", "password": "a"})", R"({"user":"anna","password":"********"})", {"a"}};
  EXPECT_EQ(shown(R"(SELECT call('{"user": "anna", "password": "a"}'))", short_one), hidden_statement);
  // Where nothing else has it, its place alone is masked.
  EXPECT_EQ(shown(R"(SELECT f('{"user": "anna", "password": "a"}'))", short_one),
            R"(SELECT f('{"user":"anna","password":"********"}'))");
}

TEST(ShownStatement, OfSeveralRequestsNoneIsShown) {
  const BroughtRequest other{R"({"password": "h3"})", R"({"password":"********"})", {"h3"}};
  const std::string statement =
      R"(SELECT f('{"user": "o''neil", "password": "hunter2"}'); SELECT f('{"password": "h3"}'))";
  EXPECT_EQ(shown(statement), hidden_statement);
  const BroughtRequest both[] = {brought, other};
  EXPECT_EQ(shown_statement(statement, both),
            R"(SELECT f('{"user":"o''neil","password":"********"}'); SELECT f('{"password":"********"}'))");
}

TEST(ShownStatement, TakesLinearTimeWhateverTheTextsAre) {
  // A search that begins anew at each character would take hours.
  const std::string many(1'000'000, 'z');
  const auto start = std::chrono::steady_clock::now();
  const BroughtRequest repeated{
      "{\"password\": \"" + std::string(300'000, 'z') + "y\"}", "", {std::string(300'000, 'z') + 'y', "z"}};
  EXPECT_EQ(shown("SELECT " + many, repeated), hidden_statement);
  const BroughtRequest letter{"z", "********", {}};
  EXPECT_EQ(shown("SELECT " + many, letter).size(), 7 + 8 * many.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(1));
}

TEST(ShownStatement, TooLongOnesAndTooManySecretsAreHidden) {
  EXPECT_EQ(shown("SELECT " + std::string(5'000'000, ' ')), hidden_statement);
  EXPECT_EQ(shown("SELECT 1", {"x", "y", std::vector<std::string>(21, "secret")}), hidden_statement);
}

}  // namespace
}  // namespace connector::core
