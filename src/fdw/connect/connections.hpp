// Connections to foreign servers: kept for the session by server and role, each used by one scan at a time, as remotes
// can't read two results over one connection.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/net/async_call.hpp"
#include "core/remote/provider.hpp"

namespace connector::fdw {

struct KeptConnection;
struct Place;

/// So many connections of a role to a server are kept beyond a transaction, and so many scans of one server are carried
/// out asynchronously at once: so none of them has to connect anew each time.
inline constexpr std::size_t usual_connections = 4;

/// A connection until the end of this object, which neither throws nor calls PostgreSQL. Cursors over it must have
/// ended before.
class Lease {
 public:
  Lease(std::shared_ptr<Place> place, std::unique_ptr<KeptConnection> connection);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  core::Connection& connection() noexcept;
  /// What all calls of the connection wait with. It is suspended with a core::AsyncCall, while there is one.
  core::SuspendableWait& wait() noexcept;
  /// RemoteCursor::fetch(), which throws Error (timed_out) if it lasts beyond `until`.
  bool fetch_until(core::RemoteCursor& cursor, core::RowBatch& batch, core::Deadline until);
  const core::ProviderInfo& provider() const noexcept;
  /// The table or query, described over this connection now or before. Valid as long as the lease, unless forgotten.
  core::Source& source(const core::SourceRequest& request);
  /// The sources of these requests as one, in their order; null if they can't be joined.
  core::Source* joined_source(const std::vector<core::SourceRequest>& requests);
  /// Has it described anew the next time, and all that is joined with it; by other connections of the role, too.
  void forget(const core::SourceRequest& request) noexcept;

 private:
  std::shared_ptr<core::Source> kept_source(const core::SourceRequest& request);

  std::shared_ptr<Place> place_;
  std::unique_ptr<KeptConnection> connection_;
};

/// A connection to the server as `role`, whose rights count: USAGE on the server, its user mapping, the provider that
/// it may use, its trust. In its transaction's snapshot, where the remote has such. Throws Error or PgError.
std::unique_ptr<Lease> lease(Oid server, Oid role);

/// Throws Error (connectors_disabled, …) as lease() would, but connects to nothing.
std::string provider_of_server(Oid server);

/// What is kept, for people.
struct ConnectionState {
  std::string server;  ///< in the database's encoding, like `role`
  std::string role;
  std::string provider;
  bool is_used = false;         ///< by a scan
  bool in_transaction = false;  ///< it keeps the snapshot of this transaction
  TimestampTz since = 0;
};
std::vector<ConnectionState> connection_states();

/// Closes connections that no scan and no snapshot of this transaction needs; those of one server only if it is given.
/// Gives how many were closed, and how many are left.
struct Closed {
  std::int64_t closed = 0;
  std::int64_t left = 0;
};
Closed close_connections(std::optional<Oid> server);

}  // namespace connector::fdw
