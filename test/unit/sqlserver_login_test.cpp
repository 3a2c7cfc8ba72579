#include "drivers/sqlserver/login.hpp"

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "drivers/sqlserver/browser.hpp"
#include "drivers/sqlserver/configuration.hpp"
#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {
namespace {

Login login_of(core::ConnectionOptions options) {
  core::PollWait wait;
  const core::AddressRules rules("", true);
  const std::map<std::string, std::string> session;
  options.try_emplace("server", "db.example.com");
  options.try_emplace("port", "1433");
  options.try_emplace("database", "d");
  options.try_emplace("username", "u");
  options.try_emplace("password", "p");
  options.try_emplace("sslmode", "prefer");
  options.try_emplace("tds_version", "7.4");
  const core::ConnectRequest request{
      .options = options, .session = session, .address_rules = rules, .wait = wait, .application_name = "connector"};
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

TEST(SqlServerLogin, FormsOfTheServersName) {
  struct Form {
    const char* server;
    const char* host;
    int port;
    const char* instance;
  };
  for (const Form& form : {Form{"db", "db", 1433, ""}, Form{"db:1500", "db", 1500, ""}, Form{"db,1500", "db", 1500, ""},
                           Form{"db\\SQL2019", "db", 1433, "SQL2019"}, Form{"db\\SQL2019,1500", "db", 1500, ""},
                           Form{"[::1]:1500", "::1", 1500, ""}, Form{"[::1]", "::1", 1433, ""},
                           Form{"fe80::1", "fe80::1", 1433, ""}, Form{"10.0.0.1:1", "10.0.0.1", 1, ""}}) {
    const Login login = login_of({{"server", form.server}});
    EXPECT_EQ(login.server, form.host) << form.server;
    EXPECT_EQ(login.port, form.port) << form.server;
    EXPECT_EQ(login.instance, form.instance) << form.server;
  }
  EXPECT_EQ(login_of({{"server", "db\\x"}, {"port", "1500"}}).instance, "");  // a port says more
  EXPECT_EQ(login_of({{"server", "db:1500"}, {"port", "1500"}}).port, 1500);
}

TEST(SqlServerLogin, Refusals) {
  for (const char* server : {"", "db:", "db:0", "db:65536", "db:x", "db\\", "db\\a;b", "[::1", "[::1]x", "a b", "a\nb",
                             "a#b", "a;b", "a]b", "/tmp/socket"}) {
    EXPECT_EQ(refusal({{"server", server}}), core::ErrorNumber::invalid_parameters) << server;
  }
  EXPECT_EQ(refusal({{"server", "db:1500"}, {"port", "1600"}}), core::ErrorNumber::invalid_parameters);
  EXPECT_EQ(refusal({{"username", ""}}), core::ErrorNumber::invalid_parameters);  // Kerberos
  EXPECT_EQ(refusal({{"password", std::string(129, 'x')}}), core::ErrorNumber::invalid_parameters);
  EXPECT_EQ(refusal({{"sslrootcert", "/ca.pem"}}), core::ErrorNumber::invalid_parameters);
}

TEST(SqlServerLogin, Configuration) {
  const Login plain = login_of({{"sslmode", "disable"}, {"tds_version", "7.2"}});
  EXPECT_EQ(configuration_text(plain, 1500, ""),
            "[db.example.com]\n\thost = db.example.com\n\tport = 1500\n\ttds version = 7.2\n"
            "\tclient charset = UTF-8\n\tencryption = off\n");
  EXPECT_NE(configuration_text(login_of({}), 1, "").find("encryption = request\n"), std::string::npos);
  const std::string full = configuration_text(login_of({{"sslmode", "verify-full"}}), 1, "");
  EXPECT_NE(full.find("encryption = require\n\tca file = system\n\tcheck certificate hostname = yes\n"),
            std::string::npos);
  const std::string ca = configuration_text(login_of({{"sslmode", "verify-ca"}}), 1, "/x/ca.pem");
  EXPECT_NE(ca.find("ca file = /x/ca.pem\n\tcheck certificate hostname = no\n"), std::string::npos);
  EXPECT_EQ(configuration_text(login_of({{"sslmode", "require"}}), 1, "").find("ca file"), std::string::npos);
}

TEST(SqlServerLogin, ConfigurationIsPrivateAndGoes) {
  std::filesystem::path file;
  {
    const Configuration configuration(login_of({}), 1433);
    file = configuration.file();
    struct stat status {};
    ASSERT_EQ(stat(file.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(stat(file.parent_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    std::ifstream stream(file);
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    EXPECT_EQ(text, configuration_text(login_of({}), 1433, ""));
  }
  EXPECT_FALSE(std::filesystem::exists(file.parent_path()));
}

TEST(SqlServerLogin, MissingRootCertificate) {
  try {
    const Configuration configuration(login_of({{"sslmode", "verify-ca"}, {"sslrootcert", "/no/such/file"}}), 1433);
    FAIL();
  } catch (const core::Error& error) {
    EXPECT_NE(error.message().find("sslrootcert: could not read file"), std::string::npos);
  }
}

std::string answer(const std::string& text) {
  std::string result{5, static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  result[0] = 5;
  return result.substr(result.size() - 3) + text;
}

TEST(SqlServerBrowser, Answers) {
  const std::string one = "ServerName;DB;InstanceName;SQL2019;IsClustered;No;Version;15.0.2000.5;tcp;51433;;";
  EXPECT_EQ(port_of_answer(answer(one), "sql2019"), 51433);
  EXPECT_EQ(port_of_answer(answer(one), "OTHER"), std::nullopt);
  const std::string two =
      "ServerName;DB;InstanceName;A;IsClustered;No;Version;1;tcp;1;;ServerName;DB;InstanceName;B;tcp;2;np;x;;";
  EXPECT_EQ(port_of_answer(answer(two), "B"), 2);
  for (const char* wrong : {"InstanceName;A;tcp;0;;", "InstanceName;A;tcp;65536;;", "InstanceName;A;tcp;x;;",
                            "InstanceName;A;np;1;;", "tcp;1;;", ";;;;", ""}) {
    EXPECT_EQ(port_of_answer(answer(wrong), "A"), std::nullopt) << wrong;
  }
  EXPECT_EQ(port_of_answer("", "A"), std::nullopt);
  EXPECT_EQ(port_of_answer("\x05\xff\xffInstanceName;A;tcp;1;;", "A"), std::nullopt);  // a wrong length
}

TEST(SqlServerDialect, Quotes) {
  EXPECT_EQ(quote_identifier("a]b[c"), "[a]]b[c]");
  EXPECT_EQ(quote_table("d]", "s", "t"), "[d]]].[s].[t]");
  EXPECT_EQ(quote_literal("it's \\"), "N'it''s \\'");
}

}  // namespace
}  // namespace connector::sqlserver
