#include "drivers/mysql/login.hpp"

#include "core/base/error.hpp"

namespace connector::mysql {

using core::number_option;
using core::option;

Login read_login(const core::ConnectionOptions& options, std::string_view application_name) {
  Login login;
  login.server = option(options, "server");
  login.port = number_option(options, "port");
  login.username = option(options, "username");
  login.password = option(options, "password");
  login.database = option(options, "database");
  login.tls_mode = core::tls_mode(option(options, "sslmode"));
  login.root_certificate = option(options, "sslrootcert");
  login.certificate = option(options, "sslcert");
  login.key = option(options, "sslkey");
  if (const int seconds = number_option(options, "connect_timeout"); seconds > 0) {
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
