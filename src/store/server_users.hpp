// Which syncs and imports name a foreign server: PostgreSQL does not know of them. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace connector::store {

/// How many syncs of a role name a server.
struct ServerUse {
  std::string server;  ///< UTF-8
  Oid owner;           ///< the table's owner once there is one
  std::int64_t syncs;
};
std::vector<ServerUse> server_uses();

/// A sync, or an import that waits for its run.
struct ServerUser {
  bool is_sync;
  Oid owner;         ///< as above
  std::string name;  ///< UTF-8: of the sync, or of the table that an import is to make
};
/// Those of this server (UTF-8), by their names.
std::vector<ServerUser> users_of_server(const std::string& server);

}  // namespace connector::store
