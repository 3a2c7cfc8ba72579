// What it takes to log in to a server, typed and checked.
#pragma once

#include <map>
#include <string>

#include "core/remote/login_options.hpp"

namespace connector::hive {

using core::TlsMode;

/// How the server is told who connects: what HiveServer2 calls hive.server2.authentication.
enum class Authentication {
  plain,    ///< SASL PLAIN: servers with NONE, CUSTOM or PAM
  ldap,     ///< the same, with a password that must be there
  nosasl,   ///< no exchange at all
  kerberos  ///< SASL GSSAPI
};

struct Login : core::LoginOptions {
  Authentication authentication = Authentication::plain;
  bool http = false;
  std::string http_path;  ///< begins with a slash
  std::string kerberos_service_name;
  std::map<std::string, std::string> session;  ///< settings of the remote session
};

/// Reads the options of a request, whose keys and defaults are checked already. Throws Error: invalid_parameters for
/// what does not go together, connectors_disabled for a login that would use the database server's own tickets.
Login read_login(const core::ConnectRequest& request);

}  // namespace connector::hive
