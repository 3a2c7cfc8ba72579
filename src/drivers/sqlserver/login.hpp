// What it takes to log in to a server, typed and checked.
#pragma once

#include <string>

#include "core/remote/login_options.hpp"

namespace connector::sqlserver {

/// `disable`: plain text, the password included, unless the server insists; `prefer`: the login is encrypted if the
/// server can, the rest if it insists.
using core::TlsMode;

struct Login : core::LoginOptions {  // `server` is without instance and port
  std::string instance;              ///< whose port the server's browser service tells; empty = `port` counts
  std::string tds_version;           ///< "7.4"
  bool read_only = false;            ///< application intent
  bool snapshot_readers = false;     ///< several connections may read one table
};

/// Reads the options of a request, whose keys and defaults are checked already. Throws Error (invalid_parameters) for
/// what FreeTDS would take for something else than it says, and connectors_disabled for a login that would use the
/// database server's own account.
Login read_login(const core::ConnectRequest& request);

}  // namespace connector::sqlserver
