// Connections that are used beside each other, by one thread: their calls overlap.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/net/async_call.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// A connection beside a run's first one.
class FurtherConnection {
 public:
  /// Arguments as of SuspendableWait.
  FurtherConnection(Wait& usual, std::chrono::seconds read_timeout, std::function<RunPoint()> point)
      : wait(usual, read_timeout, std::move(point)), call(wait) {}

  /// Its cursors have been destroyed.
  void close() noexcept {
    source.reset();
    connection.reset();
  }

  SuspendableWait wait;  ///< what all calls of the connection wait with
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Source> source;
  AsyncCall call;  ///< ends before all that it uses
};

using FurtherConnections = std::vector<std::unique_ptr<FurtherConnection>>;

/// Makes a connection whose calls wait with `wait`. Runs on a stack of its own, beside others: it must not call
/// PostgreSQL.
using Connect = std::function<std::unique_ptr<Connection>(Wait& wait)>;

/// Runs `function` for each connection, overlapped, until all have ended, and gives what each of them has thrown, null
/// for those that have not. What `wait` throws, an interrupt say, comes through; all functions have been left then, and
/// the connections are closed.
std::vector<std::exception_ptr> run_together(std::span<FurtherConnection* const> connections,
                                             const std::function<void(FurtherConnection&)>& function, Wait& wait);

/// All of them, for run_together().
std::vector<FurtherConnection*> each_of(const FurtherConnections& connections);

/// The message of the first Error among them; empty if there is none. Throws what is no Error.
std::string first_error(std::span<const std::exception_ptr> thrown);

}  // namespace connector::core
