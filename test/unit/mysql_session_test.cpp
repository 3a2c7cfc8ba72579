// What can be seen of sessions without a server.
#include "drivers/mysql/connect.hpp"

#include <csignal>
#include <cstring>

#include <errmsg.h>
#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/remote/registry.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/library.hpp"
#include "drivers/mysql/provider.hpp"
#include "silent_server.hpp"

namespace connector::mysql {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using test::InterruptedWait;
using test::SilentServer;

TEST(MysqlLibrary, LeavesSignalsAlone) {
  signal(SIGPIPE, SIG_IGN);  // as every backend has it
  struct sigaction before[NSIG], after;
  sigset_t mask_before, mask_after;
  for (int i = 1; i < NSIG; ++i) sigaction(i, nullptr, &before[i]);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  initialize_library();
  for (int i = 1; i < NSIG; ++i) {
    if (sigaction(i, nullptr, &after) != 0) continue;
    EXPECT_EQ(before[i].sa_handler, after.sa_handler) << i;
  }
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  EXPECT_EQ(std::memcmp(&mask_before, &mask_after, sizeof(unsigned long)), 0);
}

TEST(MysqlLibrary, HasAVersion) {
  EXPECT_EQ(library_version().rfind("MariaDB Connector/C 3.", 0), 0U);
}

TEST(MysqlSettings, DependOnTheServersVersion) {
  const auto settings = [](bool is_mariadb, unsigned long number, int timeout = 3600) {
    return session_settings({is_mariadb, number}, std::chrono::seconds(timeout));
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const std::string old = settings(false, 50501);
  EXPECT_TRUE(has(old, "NAMES utf8"));
  EXPECT_FALSE(has(old, "utf8mb4"));
  EXPECT_FALSE(has(old, "read_only"));
  EXPECT_FALSE(has(old, "max_execution_time") || has(old, "max_statement_time"));
  EXPECT_TRUE(has(settings(false, 50651), "tx_read_only = 1"));
  EXPECT_FALSE(has(settings(false, 50651), "max_execution_time"));
  EXPECT_TRUE(has(settings(false, 50719), "tx_read_only = 1"));
  EXPECT_TRUE(has(settings(false, 50719), "max_execution_time = 3660000"));
  EXPECT_TRUE(has(settings(false, 80036), "transaction_read_only = 1"));
  EXPECT_TRUE(has(old, "max_sort_length = 4100"));
  EXPECT_TRUE(has(old, "tx_isolation = 'REPEATABLE-READ'"));
  EXPECT_TRUE(has(settings(true, 101119), ", tx_isolation"));
  EXPECT_TRUE(has(settings(true, 110405), ", transaction_isolation"));
  EXPECT_TRUE(has(settings(true, 101119), "max_recursive_iterations"));
  EXPECT_FALSE(has(settings(true, 100134), "max_recursive_iterations"));
  EXPECT_TRUE(has(settings(false, 80036), "cte_max_recursion_depth"));
  EXPECT_FALSE(has(settings(false, 50744), "cte_max_recursion_depth"));
  EXPECT_TRUE(has(settings(false, 50744), "max_error_count"));
  EXPECT_FALSE(has(settings(false, 80036), "max_error_count"));  // for administrators only
  EXPECT_TRUE(has(settings(false, 80036, 0), "max_execution_time = 0"));
  EXPECT_TRUE(has(settings(true, 101119), "tx_read_only = 1"));
  EXPECT_TRUE(has(settings(true, 101119), "max_statement_time = 3660"));
  EXPECT_FALSE(has(settings(true, 101119), "max_execution_time"));
  EXPECT_FALSE(has(settings(true, 50568), "tx_read_only"));
}

Login login_of(const core::ConnectionOptions& options) {
  core::PollWait wait;
  const core::AddressRules rules("", true);
  return read_login({.options = options, .session = {}, .address_rules = rules, .wait = wait});
}

TEST(MysqlLogin, ReadsOptions) {
  const Login login = login_of(
      {{"server", "db"}, {"port", "3307"}, {"username", "u"}, {"sslmode", "verify-full"}, {"compression", "true"}});
  EXPECT_EQ(login.port, 3307);
  EXPECT_EQ(login.tls_mode, TlsMode::verify_full);
  EXPECT_TRUE(login.compression);
  EXPECT_EQ(login.password, "");
}

void connect_to(const std::string& port, core::Wait& wait, std::chrono::seconds timeout) {
  const core::ConnectionOptions options = core::with_defaults(
      provider().info(), {{"server", "127.0.0.1"}, {"port", port}, {"username", "u"}, {"password", "hidden-word"}});
  const core::AddressRules rules("", true);
  provider().connect({options, {}, rules, wait, timeout});
}

TEST(MysqlProvider, DescribesItself) {
  const core::ProviderInfo& info = provider().info();
  EXPECT_EQ(info.id, "mysql");
  bool has_secret = false;
  for (const core::ParameterInfo& parameter : info.connection_parameters) {
    EXPECT_FALSE(parameter.description.empty());
    has_secret = has_secret || (parameter.secret && parameter.name == "password");
  }
  EXPECT_TRUE(has_secret);
}

TEST(MysqlProvider, SilentServerTimesOut) {
  const SilentServer server;
  core::PollWait wait;
  const auto start = steady_clock::now();
  try {
    connect_to(server.port(), wait, std::chrono::seconds(1));
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::timed_out);
    EXPECT_EQ(error.parameter(), "connection.server");
    EXPECT_EQ(error.message().find("hidden-word"), std::string::npos);
  }
  EXPECT_LT(steady_clock::now() - start, milliseconds(1500));
}

TEST(MysqlProvider, InterruptLeavesAtOnce) {
  const SilentServer server;
  for (const int waits : {0, 1}) {
    InterruptedWait wait(waits);
    const auto start = steady_clock::now();
    EXPECT_THROW(connect_to(server.port(), wait, std::chrono::seconds(10)), core::Interrupted);
    EXPECT_LT(steady_clock::now() - start, milliseconds(500));
  }
}

TEST(MysqlProvider, RefusedConnectionSaysWhy) {
  std::string port;
  {
    const SilentServer server;
    port = server.port();
  }
  core::PollWait wait;
  try {
    connect_to(port, wait, std::chrono::seconds(5));
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_EQ(error.number(), core::ErrorNumber::cannot_connect);
    EXPECT_EQ(error.message(), "could not connect to server \"127.0.0.1\", port " + port + ": Connection refused");
    EXPECT_EQ(error.detail().find("Provider mysql, phase connect, native error"), 0U);
    EXPECT_EQ(error.parameter(), "connection.port");
  }
}

TEST(MysqlErrors, TheKeyThatTheyAreAbout) {
  const auto about = [](unsigned code, const char* message) {
    return connect_error(Login(), {code, "HY000", message}).parameter();
  };
  EXPECT_EQ(about(1045, "Access denied for user 'x'"), "connection.password");
  EXPECT_EQ(about(1044, "Access denied for user 'x' to database 'd'"), "connection.database");
  EXPECT_EQ(about(1049, "Unknown database 'd'"), "connection.database");
  EXPECT_EQ(about(3159, "insecure transport"), "connection.sslmode");
  EXPECT_EQ(about(CR_SSL_CONNECTION_ERROR, "TLS/SSL error: certificate"), "connection.sslmode");
  EXPECT_EQ(about(CR_CONN_HOST_ERROR, "Can't connect to server on '127.0.0.1' (111)"), "connection.port");
  EXPECT_EQ(about(CR_CONN_HOST_ERROR, "Can't connect to server on '127.0.0.1' (113)"), "connection.server");
  EXPECT_EQ(about(1040, "Too many connections"), "");
  const auto describing = [](unsigned code) {
    return statement_error(core::Phase::describe, "could not describe", {code, "42000", "no"}).parameter();
  };
  EXPECT_EQ(describing(1049), "schema");
  EXPECT_EQ(describing(1054), "columns");
  EXPECT_EQ(describing(1146), "") << "a table's or a query's";
}

}  // namespace
}  // namespace connector::mysql
