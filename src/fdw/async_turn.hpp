// Whose turn it is, where an Append has more scans of one server than are carried out asynchronously at once.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::fdw {

/// The turn of a scan, from here to the end of this object, which calls nothing of PostgreSQL's.
class AsyncTurn {
 public:
  /// `request` is the scan's own, and outlives the object.
  AsyncTurn(Oid server, const AsyncRequest* request);
  ~AsyncTurn();
  AsyncTurn(const AsyncTurn&) = delete;
  AsyncTurn& operator=(const AsyncTurn&) = delete;

  /// Whether a scan of the server may have its turn now. Beside `usual_connections` scans of the session there is one
  /// more for each Append that would otherwise wait for the scans of others: a cursor that nobody reads on may have
  /// these, and nobody else would go on with them.
  static bool is_free(Oid server, const AsyncRequest* request) noexcept;

 private:
  const Oid server_;
  const AsyncRequest* const request_;
};

}  // namespace connector::fdw
