#include "core/remote/login_options.hpp"

#include <utility>

namespace connector::core {

namespace {

void check_tls(const LoginOptions& login, std::string_view provider, RootCertificateRule rule) {
  const bool root_needs_tls = rule == RootCertificateRule::tls;
  const bool has_files =
      !(login.certificate + login.key).empty() || (root_needs_tls && !login.root_certificate.empty());
  if (login.tls_mode == TlsMode::disable && has_files) {
    throw parameter_error(provider, "sslmode",
                          std::string(root_needs_tls ? "sslrootcert, " : "") +
                              "sslcert and sslkey need an sslmode other than \"disable\"",
                          "Set sslmode to \"require\" or higher, or leave the files out.");
  }
  if (login.certificate.empty() != login.key.empty()) {
    throw parameter_error(provider, login.certificate.empty() ? "sslcert" : "sslkey",
                          "sslcert and sslkey must be given together", "Give both files, or neither.");
  }
  if (rule == RootCertificateRule::verifying && !login.root_certificate.empty() && !login.verifies_certificate()) {
    throw parameter_error(provider, "sslmode", "sslrootcert needs sslmode \"verify-ca\" or \"verify-full\"",
                          "The other modes do not check the server's certificate.");
  }
}

}  // namespace

void read_login_options(const ConnectRequest& request, std::string_view provider, RootCertificateRule rule,
                        LoginOptions& login) {
  const ConnectionOptions& options = request.options;
  login.server = option(options, "server");
  login.port = number_option(options, "port");
  login.username = option(options, "username");
  login.password = option(options, "password");
  login.database = option(options, "database");
  login.tls_mode = tls_mode(option(options, "sslmode"));
  login.root_certificate = option(options, "sslrootcert");
  login.certificate = option(options, "sslcert");
  login.key = option(options, "sslkey");
  login.application_name = request.application_name;
  login.statement_timeout = request.statement_timeout;
  check_tls(login, provider, rule);
}

Error parameter_error(std::string_view provider, std::string_view key, std::string message, std::string hint) {
  return Error(ErrorNumber::invalid_parameters, std::move(message),
               "Provider " + std::string(provider) + ", phase request.", std::move(hint))
      .with_parameter(key.empty() ? "" : "connection." + std::string(key));
}

}  // namespace connector::core
