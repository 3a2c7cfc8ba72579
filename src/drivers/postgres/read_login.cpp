#include "drivers/postgres/read_login.hpp"

#include "drivers/postgres/errors.hpp"

namespace connector::postgres {

namespace {

/// libpq reads a path, or an abstract name behind `@`, as a Unix-domain socket, and a comma as a list.
void check_server(const std::string& server) {
  if (server.starts_with('/') || server.starts_with('@')) {
    throw core::parameter_error("postgres", "server", "Unix-domain sockets are not allowed as \"server\"",
                                "Give a host name or an address; for this machine itself \"localhost\".");
  }
  if (server.find(',') != std::string::npos) {
    throw core::parameter_error("postgres", "server", "\"server\" must be one host, not a list",
                                "Give one host name or address.");
  }
}

}  // namespace

Login read_login(const core::ConnectRequest& request) {
  Login login;
  core::read_login_options(request, "postgres", core::RootCertificateRule::tls, login);
  login.trusted = request.trusted;
  check_server(login.server);
  if (!login.trusted && login.password.empty()) throw_password_missing();
  return login;
}

}  // namespace connector::postgres
