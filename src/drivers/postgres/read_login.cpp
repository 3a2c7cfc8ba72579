#include "drivers/postgres/read_login.hpp"

#include "core/base/error.hpp"
#include "core/remote/connection_options.hpp"
#include "core/base/utf8.hpp"
#include "drivers/postgres/errors.hpp"

namespace connector::postgres {

namespace {

using core::option;

core::Error parameter_error(std::string message, std::string hint) {
  return core::Error(core::ErrorNumber::invalid_parameters, std::move(message), "Provider postgres, phase request.",
                     std::move(hint));
}

/// libpq reads a path, or an abstract name behind `@`, as a Unix-domain socket, and a comma as a list.
void check_server(const std::string& server) {
  if (server.starts_with('/') || server.starts_with('@')) {
    throw parameter_error("Unix-domain sockets are not allowed as \"server\"",
                          "Give a host name or an address; for this machine itself \"localhost\".");
  }
  if (server.find(',') != std::string::npos) {
    throw parameter_error("\"server\" must be one host, not a list", "Give one host name or address.");
  }
}

void check_certificate(const Login& login) {
  if (login.tls_mode == "disable" && !(login.certificate + login.key + login.root_certificate).empty()) {
    throw parameter_error("sslrootcert, sslcert and sslkey need an sslmode other than \"disable\"", {});
  }
  if (login.certificate.empty() != login.key.empty()) {
    throw parameter_error("sslcert and sslkey must be given together", {});
  }
}

}  // namespace

Login read_login(const core::ConnectRequest& request) {
  const core::ConnectionOptions& options = request.options;
  Login login;
  login.server = option(options, "server");
  login.port = core::number_option(options, "port", login.port);
  login.username = option(options, "username");
  login.password = option(options, "password");
  login.database = option(options, "database");
  login.tls_mode = option(options, "sslmode");
  login.root_certificate = option(options, "sslrootcert");
  login.certificate = option(options, "sslcert");
  login.key = option(options, "sslkey");
  login.application_name = request.application_name;
  login.statement_timeout = request.statement_timeout;
  login.trusted = request.trusted;
  check_server(login.server);
  check_certificate(login);
  if (!login.trusted && login.password.empty()) throw_password_required("The connection has no password.");
  return login;
}

}  // namespace connector::postgres
