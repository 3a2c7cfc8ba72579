#include "core/remote/login_options.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

LoginOptions read(const ConnectionOptions& options, RootCertificateRule rule) {
  PollWait wait;
  const AddressRules rules("", true);
  const std::map<std::string, std::string> session;
  LoginOptions login;
  read_login_options({.options = options,
                      .session = session,
                      .address_rules = rules,
                      .wait = wait,
                      .statement_timeout = std::chrono::seconds(7),
                      .application_name = "app"},
                     "toy", rule, login);
  return login;
}

/// What is refused, and with which words; empty if it is not.
std::string refusal(const ConnectionOptions& options, RootCertificateRule rule) {
  try {
    read(options, rule);
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    EXPECT_EQ(error.detail(), "Provider toy, phase request.\nConnector error 1502.");
    return error.what();
  }
  return "";
}

TEST(LoginOptions, AreReadAndTyped) {
  const LoginOptions login = read({{"server", "db"},
                                   {"port", "3307"},
                                   {"username", "u"},
                                   {"password", "p"},
                                   {"database", "d"},
                                   {"sslmode", "verify-ca"},
                                   {"sslrootcert", "/r"},
                                   {"sslcert", "/c"},
                                   {"sslkey", "/k"}},
                                  RootCertificateRule::verifying);
  EXPECT_EQ(login.server, "db");
  EXPECT_EQ(login.port, 3307);
  EXPECT_EQ(login.username, "u");
  EXPECT_EQ(login.password, "p");
  EXPECT_EQ(login.database, "d");
  EXPECT_EQ(login.tls_mode, TlsMode::verify_ca);
  EXPECT_EQ(login.root_certificate, "/r");
  EXPECT_EQ(login.certificate, "/c");
  EXPECT_EQ(login.key, "/k");
  EXPECT_EQ(login.application_name, "app");
  EXPECT_EQ(login.statement_timeout, std::chrono::seconds(7));
}

TEST(LoginOptions, WhatTlsModesAskFor) {
  const auto login = [](const char* mode) { return read({{"sslmode", mode}}, RootCertificateRule::none); };
  for (const char* mode : {"disable", "prefer", "require", "verify-ca", "verify-full"}) {
    EXPECT_EQ(tls_mode_words.of(login(mode).tls_mode), mode);
  }
  EXPECT_FALSE(login("prefer").requires_tls());
  EXPECT_TRUE(login("require").requires_tls());
  EXPECT_FALSE(login("require").verifies_certificate());
  EXPECT_TRUE(login("verify-full").verifies_certificate());
}

TEST(LoginOptions, ACertificateComesWithItsKeyAndTls) {
  for (const auto rule : {RootCertificateRule::none, RootCertificateRule::tls, RootCertificateRule::verifying}) {
    EXPECT_EQ(refusal({{"sslcert", "/c"}}, rule), "sslcert and sslkey must be given together");
    EXPECT_EQ(refusal({{"sslkey", "/k"}}, rule), "sslcert and sslkey must be given together");
    EXPECT_EQ(refusal({{"sslcert", "/c"}, {"sslkey", "/k"}}, rule), "");
  }
  const ConnectionOptions plain = {{"sslmode", "disable"}, {"sslcert", "/c"}, {"sslkey", "/k"}};
  EXPECT_EQ(refusal(plain, RootCertificateRule::none), "sslcert and sslkey need an sslmode other than \"disable\"");
  EXPECT_EQ(refusal(plain, RootCertificateRule::tls),
            "sslrootcert, sslcert and sslkey need an sslmode other than \"disable\"");
}

TEST(LoginOptions, WhatARootCertificateNeeds) {
  const auto with_mode = [](const char* mode) { return ConnectionOptions{{"sslrootcert", "/r"}, {"sslmode", mode}}; };
  EXPECT_EQ(refusal(with_mode("disable"), RootCertificateRule::none), "");
  EXPECT_EQ(refusal(with_mode("disable"), RootCertificateRule::tls),
            "sslrootcert, sslcert and sslkey need an sslmode other than \"disable\"");
  EXPECT_EQ(refusal(with_mode("require"), RootCertificateRule::tls), "");
  EXPECT_EQ(refusal(with_mode("require"), RootCertificateRule::verifying),
            "sslrootcert needs sslmode \"verify-ca\" or \"verify-full\"");
  EXPECT_EQ(refusal(with_mode("verify-ca"), RootCertificateRule::verifying), "");
}

}  // namespace
}  // namespace connector::core
