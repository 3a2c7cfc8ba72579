// Foreign servers of the wrapper "connector" as a place for connections and credentials.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/request/connector_spec.hpp"
#include "core/remote/registry.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace connector::jobs {

/// The option of a server that is about its foreign tables: no part of the connection.
inline constexpr std::string_view pushdown_option = "pushdown";

/// The options in a list of DefElem, UTF-8.
core::ConnectionOptions options_in(const List* list);

/// The OID of the foreign data wrapper that this extension created, whatever it is called now. Throws PgError.
Oid wrapper_oid();

/// Throws PgError (permission denied) if the current role lacks USAGE on the wrapper.
void check_wrapper_usage();

struct ServerConnection {
  core::ConnectionOptions options;  ///< of server and user mapping, the mapping winning; only what is of the connection
  bool superuser_owns = false;      ///< only superusers can have set the server's options
  Oid mapping = InvalidOid;         ///< the user mapping that was read: the current role's, else PUBLIC's, else none
  std::string mapping_version;      ///< another one after each change of the mapping
};

/// What server `name` (UTF-8) and the current role's user mapping say of the connection. The option `provider` of the
/// server, if set, must equal `provider`. Throws if there is no such server of this wrapper or the current role lacks
/// USAGE on it. A missing user mapping is no error: a server may need no login.
ServerConnection server_connection(std::string_view name, std::string_view provider);

/// The option `provider` of server `name` (UTF-8), if set. Throws likewise.
std::optional<std::string> server_provider(std::string_view name);

/// For a connection to server `name` (UTF-8) that lacks what a user mapping gives.
core::Error missing_mapping(std::string_view name);

}  // namespace connector::jobs
