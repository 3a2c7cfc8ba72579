#include "drivers/hive/login.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/remote/registry.hpp"
#include "drivers/hive/provider.hpp"
#include "drivers/hive/sasl.hpp"

namespace connector::hive {
namespace {

Login login_of(core::ConnectionOptions options, bool may_use_tickets = false) {
  core::PollWait wait;
  const core::AddressRules rules("", true);
  const std::map<std::string, std::string> session{{"a", "b"}};
  options.try_emplace("server", "hs2.example.com");
  const core::ConnectionOptions whole = core::with_defaults(provider().info(), options);
  const core::ConnectRequest request{
      .options = whole, .session = session, .address_rules = rules, .wait = wait, .may_use_tickets = may_use_tickets};
  return read_login(request);
}

core::ErrorNumber refusal(const core::ConnectionOptions& options, bool may_use_tickets = false) {
  try {
    login_of(options, may_use_tickets);
  } catch (const core::Error& error) {
    return error.number();
  }
  return core::ErrorNumber::unknown;
}

TEST(HiveLogin, Defaults) {
  const Login login = login_of({});
  EXPECT_EQ(login.port, 10000);
  EXPECT_EQ(login.authentication, Authentication::plain);
  EXPECT_FALSE(login.http);
  EXPECT_EQ(login.http_path, "/cliservice");
  EXPECT_EQ(login.kerberos_service_name, "hive");
  EXPECT_EQ(login.tls_mode, TlsMode::disable);
  EXPECT_EQ(login.session.at("a"), "b");
}

TEST(HiveLogin, AServerWithoutChecksWantsSomePassword) {
  const Login login = login_of({});
  PlainMechanism mechanism(username_or_default(login), password_or_default(login));
  EXPECT_EQ(mechanism.first(), std::string("\0anonymous\0anonymous", 20));
  EXPECT_EQ(PlainMechanism("ü", "p:w").first(), std::string("\0ü\0p:w", 7));
}

TEST(HiveLogin, WhatDoesNotGoTogether) {
  using enum core::ErrorNumber;
  EXPECT_EQ(refusal({{"auth", "ldap"}, {"username", "u"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"auth", "ldap"}, {"username", "u"}, {"password", ""}}), invalid_parameters);
  EXPECT_EQ(refusal({{"auth", "ldap"}, {"password", "p"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"auth", "ldap"}, {"username", "u"}, {"password", "p"}}), unknown);
  EXPECT_EQ(refusal({{"auth", "kerberos"}}), connectors_disabled);
  EXPECT_EQ(refusal({{"auth", "kerberos"}}, true), unknown);
  EXPECT_EQ(refusal({{"auth", "kerberos"}, {"transport", "http"}}, true), invalid_parameters);
  EXPECT_EQ(refusal({{"auth", "kerberos"}, {"password", "p"}}, true), invalid_parameters);
  EXPECT_EQ(refusal({{"transport", "http"}, {"username", "a:b"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"username", std::string("a\0b", 3)}}), invalid_parameters);
  EXPECT_EQ(refusal({{"sslrootcert", "/x"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"sslmode", "require"}, {"sslcert", "/x"}}), invalid_parameters);
}

TEST(HiveLogin, SettingsOfAForeignServer) {
  EXPECT_EQ(login_of({{"session", R"({"x": "1", "y": true})"}}).session,
            (std::map<std::string, std::string>{{"a", "b"}, {"x", "1"}, {"y", "true"}}));
  for (const char* text : {"x", "[]", R"({"x": {}})", R"({"x": null})", R"({"": "1"})"}) {
    EXPECT_EQ(refusal({{"session", text}}), core::ErrorNumber::invalid_parameters) << text;
  }
}

TEST(HiveLogin, NothingBreaksTheHeadOfAnHttpRequest) {
  using enum core::ErrorNumber;
  EXPECT_EQ(login_of({{"http_path", "gateway/hive?x=1"}}).http_path, "/gateway/hive?x=1");
  EXPECT_EQ(refusal({{"http_path", "a b"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"http_path", "a\r\nX: y"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"server", "a\r\nX: y"}}), invalid_parameters);
  EXPECT_EQ(refusal({{"server", "a@B"}}), invalid_parameters);
}

}  // namespace
}  // namespace connector::hive
