#include "core/base/error.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

namespace connector::core {
namespace {

TEST(Error, DetailAlwaysEndsWithTheNumber) {
  const Error plain(ErrorNumber::cannot_connect, "could not connect");
  EXPECT_EQ(plain.detail(), "Connector error 1012.");
  EXPECT_EQ(plain.hint(), "");
  EXPECT_STREQ(plain.what(), "could not connect");
  EXPECT_EQ(plain.message(), "could not connect");
  EXPECT_EQ(plain.sqlstate(), "HV00N");
  const Error full(ErrorNumber::unknown, "m", "Something happened.", "Do something.");
  EXPECT_EQ(full.detail(), "Something happened.\nConnector error 99999.");
  EXPECT_EQ(full.hint(), "Do something.");
}

TEST(Error, WhatARemoteSaysHasAnEnd) {
  const std::string flood(std::size_t{1} << 20, 'x');
  const Error error = remote_error({.provider = "postgres",
                                    .phase = Phase::fetch,
                                    .number = ErrorNumber::cannot_read,
                                    .summary = "could not read",
                                    .remote_message = flood,
                                    .remote_detail = flood});
  EXPECT_EQ(error.message(), "could not read: " + flood.substr(0, 65536) + "...");
  EXPECT_LT(error.detail().size(), 70'000u);
}

TEST(Error, EveryNumberIsDescribed) {
  const std::set<int> expected = {1011, 1012, 1014, 1022, 1501, 1502, 2001, 2004, 2005,
                                  2006, 2012, 2013, 6667, 6669, 6671, 6672, 6673, 99999};
  std::set<int> found;
  int last = 0;
  for (const ErrorNumberInfo& info : error_numbers()) {
    const int number = static_cast<int>(info.number);
    EXPECT_GT(number, last);
    last = number;
    found.insert(number);
    EXPECT_FALSE(info.title.empty()) << number;
    EXPECT_TRUE(info.what_to_do.ends_with(".")) << number;
    EXPECT_TRUE(info.who == "user" || info.who == "administrator" || info.who == "remote") << number;
    EXPECT_EQ(info.sqlstate.size(), 5u) << number;
    for (const char c : info.sqlstate) EXPECT_TRUE(std::isdigit(c) || std::isupper(c)) << number;
    EXPECT_EQ(&error_number_info(info.number), &info);
  }
  EXPECT_EQ(found, expected);
}

TEST(Error, SqlstatesOfTheContract) {
  EXPECT_EQ(error_number_info(ErrorNumber::invalid_parameters).sqlstate, "HV024");
  EXPECT_EQ(error_number_info(ErrorNumber::timed_out).sqlstate, "HYT00");
  EXPECT_EQ(error_number_info(ErrorNumber::too_many_columns).sqlstate, "54011");
  EXPECT_EQ(error_number_info(ErrorNumber::duplicated_column).sqlstate, "42701");
  EXPECT_EQ(error_number_info(ErrorNumber::encoding).sqlstate, "22021");
  EXPECT_EQ(error_number_info(ErrorNumber::connectors_disabled).sqlstate, "42501");
}

TEST(Error, AnUnlistedNumberIsUnknown) {
  EXPECT_EQ(error_number_info(static_cast<ErrorNumber>(1)).number, ErrorNumber::unknown);
}

TEST(RemoteError, SaysEverythingThatIsKnown) {
  const Error error = remote_error({.provider = "mysql",
                                    .phase = Phase::authenticate,
                                    .number = ErrorNumber::cannot_connect,
                                    .native_code = 1045,
                                    .sqlstate = "28000",
                                    .summary = "could not connect to server \"db1\", port 3306",
                                    .remote_message = "Access denied for user 'x'@'y' (using password: YES)",
                                    .hint = "Check the password."});
  EXPECT_STREQ(error.what(),
               "could not connect to server \"db1\", port 3306: Access denied for user 'x'@'y' (using password: YES)");
  EXPECT_EQ(error.detail(),
            "Provider mysql, phase authenticate, native error 1045, SQLSTATE 28000.\nConnector error 1012.");
  EXPECT_EQ(error.hint(), "Check the password.");
}

TEST(RemoteError, LeavesOutWhatIsNotKnown) {
  const Error error = remote_error({.provider = "hive",
                                    .phase = Phase::fetch,
                                    .number = ErrorNumber::cannot_read,
                                    .summary = "could not read rows",
                                    .remote_message = ""});
  EXPECT_STREQ(error.what(), "could not read rows");
  EXPECT_EQ(error.detail(), "Provider hive, phase fetch.\nConnector error 1011.");
  const Error negative = remote_error({.provider = "",
                                       .phase = Phase::load,
                                       .number = ErrorNumber::cannot_load,
                                       .native_code = -7,
                                       .summary = "",
                                       .remote_message = "x"});
  EXPECT_STREQ(negative.what(), "x");
  EXPECT_EQ(negative.detail(), "Phase load, native error -7.\nConnector error 2001.");
}

TEST(RemoteError, KeepsTheRemotesDetail) {
  const Error error = remote_error({.provider = "postgres",
                                    .phase = Phase::execute,
                                    .number = ErrorNumber::cannot_read,
                                    .sqlstate = "42P01",
                                    .summary = "could not run the query",
                                    .remote_message = "relation \"t\" does not exist",
                                    .remote_detail = "Remote hint: look elsewhere."});
  EXPECT_EQ(error.detail(),
            "Provider postgres, phase execute, SQLSTATE 42P01.\nRemote hint: look elsewhere.\nConnector error 1011.");
}

TEST(RemoteError, ADeniedLoginMayBeLetInLater) {
  RemoteFailure failure{.provider = "mysql",
                        .phase = Phase::authenticate,
                        .number = ErrorNumber::cannot_connect,
                        .sqlstate = "28000",
                        .summary = "could not connect",
                        .remote_message = "denied"};
  EXPECT_TRUE(remote_error(failure).permanent());
  EXPECT_FALSE(remote_error(failure).denied_login());
  failure.denied_login = true;
  EXPECT_FALSE(remote_error(failure).permanent());
  EXPECT_TRUE(remote_error(failure).denied_login());
}

std::string parameter_of(Phase phase, std::string_view sqlstate, ErrorNumber number = ErrorNumber::cannot_connect) {
  return remote_error({.provider = "mysql",
                       .phase = phase,
                       .number = number,
                       .sqlstate = sqlstate,
                       .summary = "no",
                       .remote_message = "no"})
      .parameter();
}

TEST(RemoteError, KnowsTheKeyThatItIsAbout) {
  EXPECT_EQ(parameter_of(Phase::authenticate, "28000"), "connection.password");
  EXPECT_EQ(parameter_of(Phase::connect, "3D000"), "connection.database");
  EXPECT_EQ(parameter_of(Phase::connect, "", ErrorNumber::timed_out), "connection.server");
  EXPECT_EQ(parameter_of(Phase::connect, "53300"), "") << "too many connections: no key of the request";
  EXPECT_EQ(parameter_of(Phase::describe, "3F000", ErrorNumber::cannot_read), "schema");
  EXPECT_EQ(parameter_of(Phase::describe, "42P01", ErrorNumber::cannot_read), "") << "a table's or a query's";
  EXPECT_EQ(parameter_of(Phase::fetch, "", ErrorNumber::timed_out), "");
}

TEST(RemoteError, TheDriverMayKnowBetterWhatItIsAbout) {
  const RemoteFailure failure{.provider = "mysql",
                              .phase = Phase::authenticate,
                              .number = ErrorNumber::cannot_connect,
                              .summary = "could not connect",
                              .remote_message = "unknown database",
                              .parameter = "connection.database"};
  EXPECT_EQ(remote_error(failure).parameter(), "connection.database");
}

TEST(RemoteError, ARefusedPortIsToldFromAServerThatCannotBeReached) {
  EXPECT_EQ(unreachable_parameter("Connection refused"), "connection.port");
  EXPECT_EQ(unreachable_parameter("Can't connect to server on '127.0.0.1' (111)"), "connection.port");
  EXPECT_EQ(unreachable_parameter("No route to host"), "connection.server");
  EXPECT_EQ(unreachable_parameter("Can't connect to server on '10.0.0.1' (113)"), "connection.server");
}

TEST(Error, IsAboutAKey) {
  const Error error(ErrorNumber::invalid_parameters, "no", "detail", "hint", true);
  EXPECT_EQ(error.parameter(), "");
  const Error about = error.with_parameter("sync.key").with_hint("More.").with_denied_login();
  EXPECT_EQ(about.parameter(), "sync.key");
  EXPECT_EQ(about.message(), "no");
  EXPECT_EQ(about.hint(), "hint More.");
  EXPECT_TRUE(about.permanent());
}

TEST(Phase, HasAName) {
  EXPECT_EQ(phase_name(Phase::request), "request");
  EXPECT_EQ(phase_name(Phase::connect), "connect");
  EXPECT_EQ(phase_name(Phase::describe), "describe");
  EXPECT_EQ(phase_name(Phase::execute), "execute");
  EXPECT_EQ(phase_name(Phase::convert), "convert");
}

}  // namespace
}  // namespace connector::core
