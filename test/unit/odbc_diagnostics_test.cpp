#include "drivers/odbc/diagnostics.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "drivers/odbc/handles.hpp"
#include "drivers/odbc/info.hpp"
#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {
namespace {

using core::ErrorNumber;
using core::Phase;

const Task connecting{Phase::connect, "could not connect"};
const Task fetching{Phase::fetch, "could not read"};
const Mask no_mask;

TEST(OdbcDiagnostics, NamesOfDriversAreLeftOut) {
  EXPECT_EQ(without_names("[FreeTDS][SQL Server]Login failed"), "Login failed");
  EXPECT_EQ(without_names("[unixODBC] [x]"), "[x]");
  EXPECT_EQ(without_names("[no end"), "[no end");
  EXPECT_EQ(without_names("no such [table]\n"), "no such [table]");
  EXPECT_EQ(without_names("[a]"), "");
}

TEST(OdbcDiagnostics, FirstRecordIsTheMessage) {
  const std::vector<Diagnostic> records = {{"42S02", 208, "no such table"}, {"HY000", 7, "ask secret1"}};
  const core::Error error = diagnosed_error(records, fetching, Mask(info(), {{"password", "secret1"}}));
  EXPECT_EQ(error.number(), ErrorNumber::cannot_read);
  EXPECT_EQ(error.message(), "could not read: no such table");
  EXPECT_EQ(error.detail(),
            "Provider odbc, phase fetch, native error 208, SQLSTATE 42S02.\nask ******** (SQLSTATE HY000, code "
            "7).\nConnector error 1011.");
  EXPECT_TRUE(error.permanent());
}

TEST(OdbcDiagnostics, WhatIsSaidTwiceIsToldOnce) {
  const std::vector<Diagnostic> records = {
      {"08S01", 1, "gone"}, {"08S01", 1, "gone"}, {"HY000", 0, "more"}, {"HY000", 0, "more"}};
  EXPECT_EQ(diagnosed_error(records, fetching, no_mask).detail(),
            "Provider odbc, phase fetch, native error 1, SQLSTATE 08S01.\nmore (SQLSTATE HY000).\n"
            "Connector error 1011.");
  EXPECT_TRUE(is_lost(records));
}

TEST(OdbcDiagnostics, DriversThatSayNothing) {
  EXPECT_EQ(diagnosed_error({}, fetching, no_mask, "SQLFetch").message(),
            "could not read: the driver does not say why (SQLFetch failed)");
  EXPECT_FALSE(is_lost({}));
}

TEST(OdbcDiagnostics, DeniedLogins) {
  const auto denied = [](const Diagnostic& record) {
    const core::Error error = diagnosed_error({&record, 1}, connecting, no_mask);
    EXPECT_EQ(error.number(), ErrorNumber::cannot_connect);
    return error.denied_login();
  };
  EXPECT_TRUE(denied({"28000", 0, "no"}));
  EXPECT_TRUE(denied({"42000", 18456, "Login failed for user 'sa'."}));
  EXPECT_TRUE(denied({"08001", 101, "FATAL:  password authentication failed for user \"x\""}));
  EXPECT_FALSE(denied({"08001", 101, "Connection refused"}));
  const Diagnostic later{"28000", 0, "no"};
  EXPECT_FALSE(diagnosed_error({&later, 1}, fetching, no_mask).denied_login());
}

TEST(OdbcDiagnostics, TheKeyThatTheyAreAbout) {
  const auto about = [](const Diagnostic& record, const Task& task = connecting) {
    return diagnosed_error({&record, 1}, task, no_mask).parameter();
  };
  EXPECT_EQ(about({"28000", 0, "no"}), "connection.password");
  EXPECT_EQ(about({"08001", 101, "FATAL:  password authentication failed for user \"x\""}), "connection.password");
  EXPECT_EQ(about({"08001", 101, "Connection refused"}), "connection.port");
  EXPECT_EQ(about({"08001", 101, "no route"}), "connection.server");
  EXPECT_EQ(about({"IM002", 0, "no data source"}), "connection.dsn");
  EXPECT_EQ(about({"IM003", 0, "can't open lib"}), "connection.driver");
  EXPECT_EQ(about({"HYT00", 0, "late"}), "connection.server");
  EXPECT_EQ(about({"3D000", 0, "no database"}), "connection.database");
  EXPECT_EQ(about({"08S01", 0, "gone"}, fetching), "");
}

TEST(OdbcDiagnostics, TimeLimits) {
  const Diagnostic late{"HYT00", 0, "timeout expired"};
  EXPECT_EQ(diagnosed_error({&late, 1}, fetching, no_mask).number(), ErrorNumber::timed_out);
  EXPECT_EQ(diagnosed_error({&late, 1}, connecting, no_mask).number(), ErrorNumber::timed_out);
}

TEST(OdbcDiagnostics, RecordsOfTheDriverManager) {
  SQLHANDLE handle = SQL_NULL_HANDLE;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle);
  const Environment environment(handle);
  EXPECT_TRUE(diagnostics(SQL_HANDLE_ENV, handle).empty());
  EXPECT_TRUE(diagnostics(SQL_HANDLE_ENV, SQL_NULL_HANDLE).empty());
  SQLHANDLE connection = SQL_NULL_HANDLE;
  // Without a version of ODBC there is no connection.
  EXPECT_FALSE(SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, handle, &connection)));
  const std::vector<Diagnostic> records = diagnostics(SQL_HANDLE_ENV, handle);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].sqlstate, "HY010");
  EXPECT_EQ(records[0].message, "Function sequence error");
}

TEST(OdbcWideText, ThereAndBack) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
  const std::vector<SQLWCHAR> wide = wide_text(text);
  EXPECT_EQ(wide, (std::vector<SQLWCHAR>{'a', 0xe4, 0x20ac, 0xd83d, 0xde00, 0}));
  EXPECT_EQ(narrow_text({wide.data(), wide.size() - 1}), text);
  const std::vector<SQLWCHAR> lone = {0xd83d, 'a', 0xde00};
  EXPECT_EQ(narrow_text(lone),
            "\xef\xbf\xbd"
            "a\xef\xbf\xbd");
  EXPECT_EQ(wide_text("\xff"), (std::vector<SQLWCHAR>{0xfffd, 0}));
}

TEST(OdbcWideText, BytesThatAreNoUtf8) {
  EXPECT_EQ(valid_text("a\xe4"), "a\xc3\xa4");
  EXPECT_EQ(valid_text("a\xc3\xa4"), "a\xc3\xa4");
  // UTF-8 that was read as Latin-1 on the way.
  EXPECT_EQ(repaired_text("\xc3\x83\xc2\xa4"), "\xc3\xa4");
  EXPECT_EQ(repaired_text("\xc3\xa4"), "\xc3\xa4");
  EXPECT_EQ(repaired_text("\xe2\x82\xac\xc3\x83\xc2\xa4"), "\xe2\x82\xac\xc3\x83\xc2\xa4");
}

}  // namespace
}  // namespace connector::odbc
