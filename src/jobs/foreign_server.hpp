// Foreign servers of the wrapper "connector" as a place for connections and credentials.
#pragma once

#include "pg/postgres.hpp"

#include <string_view>

#include "core/request/connector_spec.hpp"
#include "core/remote/registry.hpp"

namespace connector::jobs {

/// The OID of the foreign data wrapper that this extension created, whatever it is called now. Throws PgError.
Oid wrapper_oid();

/// Throws PgError (permission denied) if the current role lacks USAGE on the wrapper.
void check_wrapper_usage();

struct ServerConnection {
  core::ConnectionOptions options;  ///< of server and user mapping, the mapping winning
  bool superuser_owns = false;      ///< only superusers can have set the server's options
};

/// What server `name` (UTF-8) and the current role's user mapping say of the connection. The option `provider` of the
/// server, if set, must equal `provider`. Throws if there is no such server of this wrapper or the current role lacks
/// USAGE on it. A missing user mapping is no error: a server may need no login.
ServerConnection server_connection(std::string_view name, std::string_view provider);

}  // namespace connector::jobs
