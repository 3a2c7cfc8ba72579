#include "drivers/mysql/login.hpp"

#include <charconv>

#include "core/error.hpp"

namespace connector::mysql {

namespace {

std::string option(const core::ConnectionOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TlsMode tls_mode(std::string_view text) {
  if (text == "disable") return TlsMode::disable;
  if (text == "require") return TlsMode::require;
  if (text == "verify-ca") return TlsMode::verify_ca;
  if (text == "verify-full") return TlsMode::verify_full;
  return TlsMode::prefer;
}

}  // namespace

Login read_login(const core::ConnectionOptions& options, std::string_view application_name) {
  Login login;
  login.server = option(options, "server");
  login.port = number(option(options, "port"));
  login.username = option(options, "username");
  login.password = option(options, "password");
  login.database = option(options, "database");
  login.tls_mode = tls_mode(option(options, "sslmode"));
  login.root_certificate = option(options, "sslrootcert");
  login.certificate = option(options, "sslcert");
  login.key = option(options, "sslkey");
  if (const int seconds = number(option(options, "connect_timeout")); seconds > 0) {
    login.connect_timeout = std::chrono::seconds(seconds);
  }
  login.compression = option(options, "compression") == "true";
  login.application_name = application_name;
  if (login.tls_mode == TlsMode::disable && (!login.certificate.empty() || !login.key.empty())) {
    throw core::Error(core::ErrorNumber::invalid_parameters,
                      "sslcert and sslkey need an sslmode other than \"disable\"");
  }
  if (login.certificate.empty() != login.key.empty()) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "sslcert and sslkey must be given together");
  }
  return login;
}

}  // namespace connector::mysql
