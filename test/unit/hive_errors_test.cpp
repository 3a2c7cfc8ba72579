#include <gtest/gtest.h>

#include "drivers/hive/errors.hpp"
#include "drivers/hive/rpc/hiveserver2_types.h"

namespace connector::hive {
namespace {

std::string told(const std::string& message) {
  rpc::Status status;
  status.errorMessage = message;
  return statement_error({core::Phase::execute, "could not run"}, status).message();
}

TEST(HiveErrors, CallsOfJavaAreLeftOut) {
  EXPECT_EQ(told("Error running query: bad\nline 2\n\tat a.b(C.java:1)\n\tat d.e\nCaused by: bad\n\t... 16 more\n"),
            "could not run: Error running query: bad\nline 2");
  EXPECT_EQ(told("not true!\n\nDriver stacktrace:\n\tat a.b(C.java:1)\n"), "could not run: not true!");
  EXPECT_EQ(told("looks at this"), "could not run: looks at this");
}

TEST(HiveErrors, ADeniedLoginMayBeLetInLater) {
  const core::Error denied = connect_error(Login(), Failure(Failure::Kind::denied, "the server refused the login"));
  EXPECT_TRUE(denied.denied_login());
  EXPECT_FALSE(denied.permanent());
  EXPECT_FALSE(connect_error(Login(), Failure(Failure::Kind::unreachable, "refused")).denied_login());
}

TEST(HiveErrors, TheKeyThatTheyAreAbout) {
  Login login;
  login.database = "shop";
  const auto about = [&](Failure::Kind kind, const char* words) {
    return connect_error(login, Failure(kind, words)).parameter();
  };
  EXPECT_EQ(about(Failure::Kind::denied, "no"), "connection.password");
  EXPECT_EQ(about(Failure::Kind::timed_out, "timed out while connecting"), "connection.server");
  EXPECT_EQ(about(Failure::Kind::unreachable, "Connection refused"), "connection.port");
  EXPECT_EQ(about(Failure::Kind::unreachable, "No route to host"), "connection.server");
  EXPECT_EQ(about(Failure::Kind::tls, "wrong version number"), "connection.sslmode");
  EXPECT_EQ(about(Failure::Kind::mismatch, "no Thrift message"), "");
  rpc::Status status;
  status.errorMessage = "Failed to open new session: Database shop does not exist";
  EXPECT_EQ(session_error(login, status).parameter(), "connection.database");
  status.errorMessage = "Failed to open new session: no memory";
  EXPECT_EQ(session_error(login, status).parameter(), "");
}

}  // namespace
}  // namespace connector::hive
