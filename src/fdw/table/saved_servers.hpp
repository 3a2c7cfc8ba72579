// Foreign servers of this wrapper as a role sees them that may use them: cdb_servers().
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"
#include "jobs/foreign_server.hpp"

namespace connector::fdw {

/// Texts are UTF-8.
struct SavedServer {
  std::string name;
  std::optional<std::string> provider;
  std::string owner;
  bool may_change = false;  ///< the current role has the privileges of the owner
  /// Of the server, and of the user mapping that the current role may look at; secrets as core::secret_mask.
  core::ConnectionOptions connection;
  std::int64_t used_by = 0;  ///< syncs that the current role sees
};

/// All servers that the current role may use, by their names.
std::vector<SavedServer> saved_servers();

/// The server of this name (UTF-8). Throws as jobs::find_server(), and if there is none.
SavedServer saved_server(std::string_view name);

/// What is stored of a connection, secrets included.
struct StoredConnection {
  core::ConnectionOptions of_server;  ///< but for what is no key of a connection
  /// The current role's mapping; without one PUBLIC's, if PostgreSQL shows it to the role: to the server's owner.
  jobs::StoredMapping mapping;
  bool is_own = false;  ///< the current role has a mapping
};
StoredConnection stored_connection(const jobs::StoredServer& server);

/// The description of the server's provider; null if it does not say, or the provider is not there.
const core::ProviderInfo* provider_of(const jobs::StoredServer& server);

/// Whether the current role sees syncs and imports of this one in the views.
bool sees_work_of(Oid owner);

}  // namespace connector::fdw
