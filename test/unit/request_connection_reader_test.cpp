#include "core/request/connection_reader.hpp"

#include "requests.hpp"

namespace connector::core {
namespace {

using namespace testing;

TEST(ParseConnector, IntegersMayBeNumbersOrText) {
  const auto port = [](std::string_view value) {
    return parse(connection(R"("server": "d", "username": "u", "port": )" + std::string(value))).connection.at("port");
  };
  EXPECT_EQ(port("1"), "1");
  EXPECT_EQ(port("\"65535\""), "65535");
  EXPECT_EQ(port("\"03306\""), "3306");
  for (const char* wrong :
       {"0", "65536", "-1", "\"33o6\"", "\"3306 \"", "\"+3306\"", "99999999999999999999", "\"99999999999999999999\""}) {
    EXPECT_EQ(refusal(connection(R"("server": "d", "username": "u", "port": )" + std::string(wrong))).message,
              "invalid connector parameters: \"connection.port\"")
        << wrong;
  }
  EXPECT_EQ(parse(request(R"("table": "t", "max_rows": "25")")).max_rows, 25);
  EXPECT_EQ(parse(request(R"("table": "t", "max_rows": 0)")).max_rows, 0);
  expect_problem(connection(R"("server": "d", "username": "u", "connect_timeout": -1)"), "connection.connect_timeout",
                 R"(Key "connection.connect_timeout" must be an integer from 0 to 2147483647.)");
}

TEST(ParseConnector, EnumeratedConnectionValuesAreChecked) {
  expect_problem(connection(R"("server": "d", "username": "u", "sslmode": "on")"), "connection.sslmode",
                 R"(Key "connection.sslmode" must be "disable", "prefer" or "require".)");
  EXPECT_EQ(parse(connection(R"("server": "d", "username": "u", "compression": false)")).connection.at("compression"),
            "false");
}

TEST(ParseConnector, AConnectionMayBeTheNameOfAForeignServer) {
  const ConnectorSpec spec = parse(R"({"provider": "mysql", "connection": "My Server", "table": "t"})");
  EXPECT_EQ(spec.foreign_server, "My Server");
  EXPECT_TRUE(spec.connection.empty());
}

TEST(ParseConnector, SessionSettingsKeepTheirNames) {
  const ConnectorSpec spec = parse(R"({"provider": "hive", "table": "t", "connection": {"server": "d",
    "session": {"hive.exec.Parallel": true, "mapreduce.job.queuename": "q", "n": 3, "d": 1.50}}})");
  const std::map<std::string, std::string> expected = {
      {"hive.exec.Parallel", "true"}, {"mapreduce.job.queuename", "q"}, {"n", "3"}, {"d", "1.50"}};
  EXPECT_EQ(spec.session, expected);
  EXPECT_FALSE(spec.connection.contains("session"));
  const auto hive = [](std::string_view session) {
    return R"({"provider": "hive", "table": "t", "connection": {"server": "d", "session": )" + std::string(session) +
           "}}";
  };
  expect_problem(hive(R"("a=b")"), "connection.session",
                 R"(Key "connection.session" must be an object, not a string.)");
  expect_problem(hive(R"({"a": [1]})"), "connection.session",
                 R"(Key "connection.session.a" must be a string, a number or a boolean.)");
  expect_problem(hive(R"({"a": 1, "a": 2})"), "connection.session", R"(Duplicate key "connection.session.a".)");
  EXPECT_EQ(parse(hive(R"({"a": 1, "A": 2})")).session.size(), 2u);
}

TEST(ParseConnector, AnOdbcDriverTakesAnyAttribute) {
  const ConnectorSpec spec = parse(
      R"({"provider": "odbc", "table": "t", "connection": {"dsn": "x", "Prefetch": 100, "ReadOnly": true, "UID": "u;v"}})");
  EXPECT_EQ(spec.connection,
            (ConnectionOptions{{"dsn", "x"}, {"prefetch", "100"}, {"readonly", "true"}, {"uid", "u;v"}}));
  expect_problem(R"({"provider": "odbc", "table": "t", "connection": {"UID": "u"}})", "connection.driver",
                 R"(One of the keys "driver" or "dsn" must be given.)");
  expect_problem(R"({"provider": "odbc", "table": "t", "connection": {"dsn": "x", "a": 1, "A": 1}})", "connection.a",
                 R"(Duplicate key "connection.a".)");
}

TEST(ParseConnector, AUrlIsNoForeignServerAndIsNotShown) {
  expect_problem(R"({"provider": "mysql", "table": "t", "connection": "mysql://u:hunter2@db/shop"})", "connection",
                 R"(Key "connection" must be an object of parameters or the name of a foreign server, not a URL.)");
}

TEST(CheckConnection, ChecksTheOptionsOfAForeignServer) {
  ConnectorSpec spec = parse(R"({"provider": "mysql", "connection": "srv", "table": "t"})");
  spec.connection = {{"server", "d"}, {"username", "u"}, {"port", "3306"}};
  EXPECT_NO_THROW(check_connection(spec, fake_registry()));
  spec.connection = {{"server", ""}, {"pasword", "hunter2"}, {"port", "x"}, {"sslmode", "on"}};
  try {
    check_connection(spec, fake_registry());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    EXPECT_STREQ(
        error.what(),
        "invalid options of foreign server \"srv\": \"pasword\", \"server\", \"port\", \"username\", \"sslmode\"");
    EXPECT_EQ(error.detail(),
              "Unknown key \"pasword\"; did you mean \"password\"?\n"
              "Key \"server\" must not be blank.\n"
              "Key \"port\" must be an integer from 1 to 65535.\n"
              "Missing key \"username\".\n"
              "Key \"sslmode\" must be \"disable\", \"prefer\" or \"require\".\n"
              "Connector error 1502.");
  }
}

TEST(CheckConnection, NeedsAProviderOfThisBuild) {
  ConnectorSpec spec;
  spec.provider = "sqlserver";
  try {
    check_connection(spec, fake_registry());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::connectors_disabled);
  }
  spec.provider = "oracle";
  try {
    check_connection(spec, fake_registry());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    EXPECT_NE(error.detail().find("Unknown provider \"oracle\". Known are "), std::string::npos);
  }
}

}  // namespace
}  // namespace connector::core
