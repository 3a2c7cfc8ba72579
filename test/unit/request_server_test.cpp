// What is saved as a foreign server: its provider and connection, and nothing else of a request.
#include <gtest/gtest.h>

#include <string>

#include "core/base/error.hpp"
#include "core/request/kept_secrets.hpp"
#include "core/request/server_request.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

ServerRequest read(std::string_view json, const PresentServer& present = {}) {
  return read_server_request(json, testing::fake_registry(), present);
}

/// Message, detail and hint of the refusal.
std::string refusal(std::string_view json, const PresentServer& present = {}) {
  try {
    read(json, present);
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    return error.message() + '\n' + error.detail() + '\n' + error.hint();
  }
  return "accepted";
}

std::string mysql(std::string_view connection) {
  return R"({"provider": "mysql", "connection": {)" + std::string(connection) + "}}";
}

TEST(ServerRequest, IsProviderAndConnection) {
  const ServerRequest request = read(
      R"({"Provider": "mysql", "CONNECTION": {"Server": "db", "port": "03307", "compression": true, "database": " ",
          "username": "ana", "password": "hunter2"}})");
  EXPECT_EQ(request.provider, "mysql");
  const ConnectionOptions expected = {
      {"server", "db"}, {"port", "3307"}, {"compression", "true"}, {"username", "ana"}, {"password", "hunter2"}};
  EXPECT_EQ(request.connection, expected);
  EXPECT_TRUE(request.removed.empty());
}

TEST(ServerRequest, NeedsNoLogin) {
  EXPECT_EQ(read(mysql(R"("server": "db")")).connection, (ConnectionOptions{{"server", "db"}}));
  EXPECT_EQ(read(R"({"provider": "vault", "connection": {"server": "db"}})").connection.size(), 1u);
  EXPECT_EQ(refusal(mysql(R"("username": "ana")")),
            "invalid connector parameters: \"connection.server\"\nMissing key \"connection.server\".\nConnector error "
            "1502.\ncdb_connector_info('mysql') lists the parameters.");
}

TEST(ServerRequest, HarmlessSettingsAreOneOption) {
  const ServerRequest request = read(
      R"({"provider": "hive", "connection": {"server": "x", "session": {"tez.queue.name": "q", "Tez.Queue.Name": 1}}})");
  EXPECT_EQ(option(request.connection, "session"), R"({"Tez.Queue.Name":"1","tez.queue.name":"q"})");
}

TEST(ServerRequest, ASecretWithoutAValueIsRemoved) {
  for (const char* nothing : {"null", R"("")", R"(" ")"}) {
    const ServerRequest request = read(mysql(R"("server": "db", "Password": )" + std::string(nothing)));
    EXPECT_EQ(request.removed, std::set<std::string>{"password"}) << nothing;
    EXPECT_FALSE(request.connection.contains("password")) << nothing;
  }
  const ServerRequest driver = read(R"({"provider": "odbc", "connection": {"dsn": "d", "my_token": null, "x": null}})");
  EXPECT_EQ(driver.removed, std::set<std::string>{"my_token"});
}

TEST(ServerRequest, HasTheProviderThatIsThere) {
  const PresentServer present{.provider = "mysql", .fixed = {}};
  EXPECT_EQ(read(R"({"connection": {"server": "db"}})", present).provider, "mysql");
  EXPECT_EQ(read(mysql(R"("server": "db")"), present).provider, "mysql");
  const std::string other = refusal(R"({"provider": "hive", "connection": {"server": "db"}})", present);
  EXPECT_NE(other.find("Key \"provider\" can't be changed: the foreign server is for \"mysql\"."), std::string::npos)
      << other;
  EXPECT_NE(refusal(R"({"connection": {"server": "db"}})").find("Missing key \"provider\"."), std::string::npos);
}

TEST(ServerRequest, FixedKeysNeedNotBeGiven) {
  const PresentServer present{.provider = "mysql", .fixed = {{"server", "db"}, {"port", "1"}}};
  const ServerRequest request = read(R"({"connection": {"username": "ben", "port": 2}})", present);
  EXPECT_EQ(request.connection, (ConnectionOptions{{"server", "db"}, {"port", "2"}, {"username", "ben"}}));
}

TEST(ServerRequest, AllThatIsWrongIsTold) {
  const std::string told = refusal(
      R"({"provider": "mysql", "connection": {"hosst": "x", "port": 0}, "table": "t", "host": "h", "shape": 1})");
  for (const char* line :
       {"Unknown key \"connection.hosst\"", "Missing key \"connection.server\".",
        "Key \"connection.port\" must be an integer from 1 to 65535.",
        "Key \"table\" is for requests: a server is saved with its connection only.",
        "Unknown key \"host\"; did you mean \"server\", in \"connection\"?", "Unknown key \"shape\"."}) {
    EXPECT_NE(told.find(line), std::string::npos) << line << " in\n" << told;
  }
  EXPECT_NE(refusal(R"({"provider": "oracle", "connection": {}})").find("Unknown provider \"oracle\""),
            std::string::npos);
  EXPECT_NE(refusal(R"({"provider": "mysql", "connection": "shop"})").find("must be an object, not a string"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"provider": "mysql"})").find("Missing key \"connection\"."), std::string::npos);
  EXPECT_NE(refusal("[1]").find("must be a JSON object"), std::string::npos);
  EXPECT_NE(refusal(R"({"provider": "hive", "connection": {"server": "x", "session": {"fs.key": "b"}}})")
                .find("Key \"connection.session.fs.key\" can't be saved: it may be a secret"),
            std::string::npos);
}

const ProviderInfo& info(const char* provider) {
  return testing::fake_registry().find(provider)->info();
}

/// The password after the change, or why it could not be kept.
std::string kept(const ConnectionOptions& asked, const std::set<std::string>& removed = {},
                 const ConnectionOptions& stored = {{"server", "db"}, {"username", "u"}, {"password", "hunter2"}}) {
  try {
    return option(keep_secrets(asked, removed, stored, info("mysql")), "password");
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the stored secret \"connection.password\" can't be kept");
    return error.detail();
  }
}

TEST(KeptSecretsOfServers, AMaskOrNothingKeepsThem) {
  EXPECT_EQ(kept({{"server", "db"}, {"username", "u"}}), "hunter2");
  EXPECT_EQ(kept({{"server", "db"}, {"username", "u"}, {"password", "********"}}), "hunter2");
  EXPECT_EQ(kept({{"server", "db"}, {"username", "u"}, {"port", "3306"}, {"sslmode", "prefer"}}), "hunter2");
  EXPECT_EQ(kept({{"server", "elsewhere"}, {"password", "new"}}), "new");
  EXPECT_EQ(kept({{"server", "elsewhere"}}, {"password"}), "");
}

TEST(KeptSecretsOfServers, TheyGoNowhereElse) {
  for (const auto& [name, value] : ConnectionOptions{
           {"server", "x"}, {"username", "x"}, {"port", "1"}, {"sslmode", "disable"}, {"database", "x"}}) {
    ConnectionOptions asked = {{"server", "db"}, {"username", "u"}};
    asked[name] = value;
    EXPECT_EQ(kept(asked), "The connection differs in \"connection." + name + "\".\nConnector error 1502.");
  }
  EXPECT_EQ(kept({{"server", "db"}}), "The connection differs in \"connection.username\".\nConnector error 1502.");
  EXPECT_EQ(kept({{"server", "db"}, {"password", "********"}}, {}, {{"server", "db"}}),
            "No secret of this role is stored under this key.\nConnector error 1502.");
}

TEST(KeptSecretsOfServers, AllOfThemOrNone) {
  const ConnectionOptions stored = {{"dsn", "d"}, {"password", "p"}, {"my_token", "t"}, {"shown", "x"}};
  EXPECT_EQ(keep_secrets({{"dsn", "d"}, {"shown", "x"}}, {}, stored, info("odbc")), stored);
  EXPECT_THROW(keep_secrets({{"dsn", "d"}, {"shown", "y"}}, {}, stored, info("odbc")), Error);
  EXPECT_THROW(keep_secrets({{"dsn", "d"}, {"shown", "x"}, {"my_token", "t"}}, {}, stored, info("odbc")), Error);
  EXPECT_THROW(keep_secrets({{"dsn", "d"}, {"shown", "x"}}, {"my_token"}, stored, info("odbc")), Error);
}

}  // namespace
}  // namespace connector::core
