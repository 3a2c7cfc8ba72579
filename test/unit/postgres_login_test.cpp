#include "drivers/postgres/read_login.hpp"

#include <cstdlib>

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "core/base/error.hpp"
#include "core/base/hidden_environment.hpp"
#include "drivers/postgres/conninfo.hpp"
#include "drivers/postgres/errors.hpp"

namespace connector::postgres {
namespace {

Login login_of(core::ConnectionOptions options, bool trusted = false) {
  core::PollWait wait;
  const core::AddressRules rules("", true);
  const std::map<std::string, std::string> session;
  options.try_emplace("server", "db.example.com");
  options.try_emplace("port", "5433");
  options.try_emplace("database", "d");
  options.try_emplace("username", "u");
  options.try_emplace("sslmode", "require");
  const core::ConnectRequest request{.options = options,
                                     .session = session,
                                     .address_rules = rules,
                                     .wait = wait,
                                     .application_name = "connector",
                                     .trusted = trusted};
  return read_login(request);
}

core::ErrorNumber refusal(const core::ConnectionOptions& options) {
  try {
    login_of(options);
  } catch (const core::Error& error) {
    return error.number();
  }
  return core::ErrorNumber::unknown;
}

const core::Address loopback{.family = 2, .bytes = {127, 0, 0, 1}};

TEST(PostgresLogin, Refusals) {
  EXPECT_EQ(refusal({}), core::ErrorNumber::connectors_disabled);  // no password
  EXPECT_EQ(refusal({{"password", ""}}), core::ErrorNumber::connectors_disabled);
  for (const char* server : {"/var/run/postgresql", "@abstract", "a,b", "127.0.0.1,::1"}) {
    EXPECT_EQ(refusal({{"password", "x"}, {"server", server}}), core::ErrorNumber::invalid_parameters) << server;
  }
  EXPECT_EQ(refusal({{"password", "x"}, {"sslcert", "/c"}}), core::ErrorNumber::invalid_parameters);
  EXPECT_EQ(login_of({}, true).password, "");
}

TEST(PostgresLogin, ReadsOptions) {
  const Login login = login_of({{"password", "x"}, {"sslmode", "verify-full"}});
  EXPECT_EQ(login.server, "db.example.com");
  EXPECT_EQ(login.port, 5433);
  EXPECT_TRUE(login.requires_tls());
  EXPECT_TRUE(login.verifies_certificate());
}

/// Whatever the environment says, the library ends up with what was asked for.
TEST(PostgresConninfo, NothingFromTheEnvironment) {
  struct Free {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
  };
  const std::unique_ptr<PQconninfoOption, Free> known(PQconninfoParse("", nullptr));
  std::vector<std::string> variables;
  for (auto* option = known.get(); option->keyword != nullptr; ++option) {
    if (option->envvar == nullptr) continue;
    variables.emplace_back(option->envvar);
    setenv(option->envvar, "from-the-environment", 1);
  }
  const Login login = login_of({{"password", "it's \\ secret"}});
  const std::string text = connection_string(connection_keywords(login, loopback));
  std::optional<core::HiddenEnvironment> environment;
  environment.emplace(environment_variables());
  PGconn* connection = PQconnectStart(text.c_str());
  environment.reset();
  ASSERT_NE(connection, nullptr);
  const std::unique_ptr<PQconninfoOption, Free> used(PQconninfo(connection));
  std::map<std::string, std::string> values;
  for (auto* option = used.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) values[option->keyword] = option->val;
  }
  EXPECT_NE(PQstatus(connection), CONNECTION_BAD) << PQerrorMessage(connection);
  PQfinish(connection);
  for (const std::string& variable : variables) EXPECT_STREQ(getenv(variable.c_str()), "from-the-environment");
  for (const std::string& variable : variables) unsetenv(variable.c_str());
  for (const auto& [keyword, value] : values) EXPECT_NE(value, "from-the-environment") << keyword;
  EXPECT_EQ(values["password"], "it's \\ secret");
  EXPECT_EQ(values["hostaddr"], "127.0.0.1");
  EXPECT_EQ(values["host"], "db.example.com");
  EXPECT_EQ(values["options"], "");
  EXPECT_EQ(values["krbsrvname"], "none");
  EXPECT_EQ(values["sslcert"], values["passfile"]);
}

TEST(PostgresConninfo, TrustedCallersMayUseTickets) {
  const Keywords keywords = connection_keywords(login_of({}, true), loopback);
  EXPECT_FALSE(keywords.contains("krbsrvname"));
  EXPECT_FALSE(keywords.contains("require_auth"));
}

TEST(PostgresErrors, ServerErrorsOfConnections) {
  const NativeError error = parse_connection_error(
      "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28P01: password authentication failed for user "
      "\"u\"\nDETAIL:  Something.\nLOCATION:  auth_failed, auth.c:333\n");
  EXPECT_EQ(error.sqlstate, "28P01");
  EXPECT_EQ(error.message, "password authentication failed for user \"u\"");
  EXPECT_EQ(error.detail, "Remote: DETAIL:  Something.");
}

TEST(PostgresErrors, ErrorsOfTheLibrary) {
  const NativeError error = parse_connection_error(
      "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running on that "
      "host?\n");
  EXPECT_EQ(error.sqlstate, "");
  EXPECT_EQ(error.message, "Connection refused; Is the server running on that host?");
}

TEST(PostgresErrors, TheKeyThatTheyAreAbout) {
  const auto about = [](Stage stage, std::string_view text) {
    return connect_error(Login(), stage, parse_connection_error(text)).parameter();
  };
  EXPECT_EQ(about(Stage::login, "FATAL:  28P01: password authentication failed for user \"x\"\n"),
            "connection.password");
  EXPECT_EQ(about(Stage::login, "FATAL:  3D000: database \"x\" does not exist\n"), "connection.database");
  EXPECT_EQ(about(Stage::login, "FATAL:  53300: sorry, too many clients already\n"), "");
  EXPECT_EQ(about(Stage::network, "connection to server at \"::1\", port 1 failed: Connection refused\n"),
            "connection.port");
  EXPECT_EQ(about(Stage::network, "connection to server at \"10.0.0.1\", port 1 failed: No route to host\n"),
            "connection.server");
  EXPECT_EQ(about(Stage::tls, "server does not support SSL, but SSL was required\n"), "connection.sslmode");
  EXPECT_EQ(connect_timeout_error(Login()).parameter(), "connection.server");
}

TEST(PostgresErrors, SeveralAttempts) {
  const NativeError error = parse_connection_error(
      "connection to server at \"h\", port 1 failed: FATAL:  28000: no entry for SSL on\n"
      "connection to server at \"h\", port 1 failed: FATAL:  3D000: no such database\n");
  EXPECT_EQ(error.sqlstate, "3D000");
  EXPECT_EQ(error.message, "no such database");
}

}  // namespace
}  // namespace connector::postgres
