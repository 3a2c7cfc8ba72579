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
#include "foreign/foreign.h"
}

namespace connector::jobs {

/// The foreign data wrapper that this extension creates.
inline constexpr const char* wrapper_name = "connector";

/// The option of a server that says for which provider it is.
inline constexpr std::string_view provider_option = "provider";

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

/// A server of this wrapper as it is in the catalog.
struct StoredServer {
  Oid oid = InvalidOid;
  Oid owner = InvalidOid;
  std::string name;                     ///< in the database's encoding
  core::ConnectionOptions options;      ///< UTF-8; all of them
  std::optional<std::string> provider;  ///< likewise, if set
};
StoredServer stored_server(const ForeignServer& server);

/// The server `name` (UTF-8), if there is one. Throws as server_connection() if it is of another wrapper, or the
/// current role lacks USAGE on it.
std::optional<StoredServer> find_server(std::string_view name);

/// Likewise, but throws also if there is none.
StoredServer present_server(std::string_view name);

struct StoredMapping {
  Oid oid = InvalidOid;             ///< none if there is no mapping
  core::ConnectionOptions options;  ///< UTF-8
};
/// The user mapping of just this role; InvalidOid: PUBLIC's.
StoredMapping stored_mapping(Oid role, Oid server);

/// For a connection to server `name` (UTF-8) that lacks what a user mapping gives.
core::Error missing_mapping(std::string_view name);

}  // namespace connector::jobs
