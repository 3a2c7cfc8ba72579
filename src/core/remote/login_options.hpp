// The options of a connection that every driver needs to log in, typed and checked.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// A driver's login has these, and its own.
struct LoginOptions {
  std::string server;  ///< as the request names it: what the certificate must be made out to
  int port = 0;
  std::string username;
  std::string password;
  std::string database;  ///< empty = none, or the server's default
  TlsMode tls_mode = TlsMode::prefer;
  std::string root_certificate;  ///< file; empty = the system's store
  std::string certificate;       ///< file; empty = none
  std::string key;               ///< file
  std::string application_name;
  std::chrono::seconds statement_timeout{0};  ///< for the remote session; 0 = none

  /// True if the connection must not go on without TLS.
  bool requires_tls() const noexcept { return tls_mode >= TlsMode::require; }
  bool verifies_certificate() const noexcept { return tls_mode >= TlsMode::verify_ca; }
};

/// What an `sslrootcert` needs.
enum class RootCertificateRule {
  none,      ///< it is passed over where it has no use
  tls,       ///< an sslmode other than "disable"
  verifying  ///< an sslmode that verifies the certificate
};

/// Sets `login` from the options of a request, whose keys and defaults are checked already. Throws Error
/// (invalid_parameters) for TLS options that do not go together. The connect_timeout is not among them: the request has
/// it.
void read_login_options(const ConnectRequest& request, std::string_view provider, RootCertificateRule rule,
                        LoginOptions& login);

/// An Error (invalid_parameters) of the phase in which a request is read, about this key of the connection; without a
/// key about none of them. `hint` may be empty.
Error parameter_error(std::string_view provider, std::string_view key, std::string message, std::string hint = {});

}  // namespace connector::core
