// What it takes to log in to a server, typed and checked.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"

namespace connector::hive {

using core::TlsMode;

/// How the server is told who connects: what HiveServer2 calls hive.server2.authentication.
enum class Authentication {
  plain,    ///< SASL PLAIN: servers with NONE, CUSTOM or PAM
  ldap,     ///< the same, with a password that must be there
  nosasl,   ///< no exchange at all
  kerberos  ///< SASL GSSAPI
};

struct Login {
  std::string server;  ///< as the request names it: what the certificate must be made out to
  int port = 10000;
  std::string username;
  std::string password;
  std::string database;  ///< empty = the server's default
  Authentication authentication = Authentication::plain;
  bool http = false;
  std::string http_path;  ///< begins with a slash
  std::string kerberos_service_name;
  TlsMode tls_mode = TlsMode::disable;
  std::string root_certificate;                ///< file; empty = the system's store
  std::string certificate;                     ///< file; empty = none
  std::string key;                             ///< file
  std::map<std::string, std::string> session;  ///< settings of the remote session
  std::chrono::seconds statement_timeout{0};   ///< 0 = none
  std::string application_name;
};

/// Reads the options of a request, whose keys and defaults are checked already. Throws Error: invalid_parameters for
/// what does not go together, connectors_disabled for a login that would use the database server's own tickets.
Login read_login(const core::ConnectRequest& request);

}  // namespace connector::hive
