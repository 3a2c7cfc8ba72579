#include "drivers/sqlserver/errors.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace connector::sqlserver {
namespace {

Messages told(int number, std::string text) {
  Message message;
  message.from_server = true;
  message.number = number;
  message.severity = 16;
  message.text = std::move(text);
  Messages messages;
  messages.add(std::move(message));
  return messages;
}

core::Error error_of(int number, std::string text = "words of the server") {
  return statement_error(core::Phase::describe, "could not run the query", told(number, std::move(text)));
}

core::Error login_error(int number) {
  return connect_error(Login(), 1433, Stage::login, told(number, "words of the server"));
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(SqlServerErrors, WhatIsMissingOrForbiddenLasts) {
  for (const int number : {102, 207, 208, 229, 230}) EXPECT_TRUE(error_of(number).permanent()) << number;
  for (const int number : {1205, 1222, 3961, 8134}) EXPECT_FALSE(error_of(number).permanent()) << number;
  for (const int number : {911, 916, 4060}) {
    EXPECT_TRUE(login_error(number).permanent()) << number;
    EXPECT_TRUE(has(login_error(number).hint(), "database name")) << number;
    EXPECT_TRUE(has(login_error(number).detail(), "authenticate")) << number;
  }
}

TEST(SqlServerErrors, ADeniedLoginMayBeLetInLater) {
  for (const int number : {18456, 18470, 18487}) {
    EXPECT_FALSE(login_error(number).permanent()) << number;
    EXPECT_TRUE(login_error(number).denied_login()) << number;
  }
  EXPECT_FALSE(login_error(4060).denied_login()) << "the account was let in";
  EXPECT_TRUE(has(login_error(18456).hint(), "username and password"));
}

TEST(SqlServerErrors, TheKeyThatTheyAreAbout) {
  for (const int number : {911, 916, 4060}) EXPECT_EQ(login_error(number).parameter(), "connection.database") << number;
  EXPECT_EQ(login_error(18456).parameter(), "connection.password");
  EXPECT_EQ(login_error(40615).parameter(), "") << "a firewall there";
  const auto of_library = [](Stage stage, int os_error) {
    Message message;
    message.os_error = os_error;
    Messages messages;
    messages.add(std::move(message));
    return connect_error(Login(), 1433, stage, messages).parameter();
  };
  EXPECT_EQ(of_library(Stage::network, ECONNREFUSED), "connection.port");
  EXPECT_EQ(of_library(Stage::network, EHOSTUNREACH), "connection.server");
  EXPECT_EQ(of_library(Stage::prelogin, 0), "connection.sslmode");
  EXPECT_EQ(connect_timeout_error(Login(), "connecting").parameter(), "connection.server");
}

TEST(SqlServerErrors, BabelfishHasOneNumberForMany) {
  constexpr int other = 33557097;
  EXPECT_TRUE(has(error_of(other, "relation \"x\" does not exist").hint(), "schema and table"));
  EXPECT_TRUE(error_of(other, "relation \"x\" does not exist").permanent());
  EXPECT_TRUE(has(error_of(other, "relation \"x\" does not exist").detail(), "native error 33557097"));
  EXPECT_TRUE(error_of(other, "column \"x\" does not exist").permanent());
  EXPECT_TRUE(has(error_of(other, "permission denied for table x").hint(), "SELECT permission"));
  EXPECT_TRUE(error_of(other, "permission denied for schema x").permanent());
  EXPECT_TRUE(error_of(other, "syntax error near 'x' at line 1 and character position 3").permanent());
  EXPECT_FALSE(error_of(other, "canceling statement due to conflict with recovery").permanent());
  EXPECT_FALSE(error_of(other, "something else, \"relation x does not exist\"").permanent());
}

TEST(SqlServerErrors, HintsSayWhatToDoNext) {
  EXPECT_TRUE(has(error_of(41332).hint(), "WITH (SNAPSHOT)"));
  EXPECT_TRUE(has(error_of(41368).hint(), "MEMORY_OPTIMIZED_ELEVATE_TO_SNAPSHOT"));
  EXPECT_EQ(error_of(3961).hint(), "Try again.");
  EXPECT_FALSE(has(error_of(3960).hint(), "Try again"));
}

}  // namespace
}  // namespace connector::sqlserver
