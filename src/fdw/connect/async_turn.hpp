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

  /// Whether there are less than `usual_connections` of the server.
  static bool is_free(Oid server) noexcept;
  /// Whether the Append of the request, which is about to wait, would wait for no scan of the server. Then it may have
  /// one more, however many there are: these belong to Appends that are not read now. So there are no more than
  /// `usual_connections` and one for each further Append that has begun.
  static bool is_needed(Oid server, const AsyncRequest& request) noexcept;

 private:
  const Oid server_;
  const AsyncRequest* const request_;
};

}  // namespace connector::fdw
