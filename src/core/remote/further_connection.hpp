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

/// A function that runs for each of several connections, overlapped.
class CallsTogether {
 public:
  /// Begins it. `function` outlives the object, as the connections do.
  CallsTogether(std::span<FurtherConnection* const> connections,
                const std::function<void(FurtherConnection&)>& function);
  /// As leave().
  ~CallsTogether() { leave(); }
  CallsTogether(const CallsTogether&) = delete;
  CallsTogether& operator=(const CallsTogether&) = delete;

  /// Until all have ended: true; or the deadline has passed. Throws what `wait` throws, an interrupt say.
  bool wait(Wait& wait, Deadline deadline = no_deadline);
  /// Leaves those that have not ended, together, and closes their connections.
  void leave() noexcept;
  /// What each of them has thrown that has ended, null for the others. To be called once.
  std::vector<std::exception_ptr> thrown();

 private:
  std::span<FurtherConnection* const> connections_;
  std::vector<AsyncCall*> calls_;
};

/// Runs `function` for each connection, overlapped, until all have ended, and gives what each of them has thrown, null
/// for those that have not. What `wait` throws comes through; functions that had not ended have been left then, and
/// their connections are closed.
std::vector<std::exception_ptr> run_together(std::span<FurtherConnection* const> connections,
                                             const std::function<void(FurtherConnection&)>& function, Wait& wait);

/// Closes them, together: what they wait for in order to end overlaps.
void close_together(FurtherConnections& connections) noexcept;

/// All of them, for run_together().
std::vector<FurtherConnection*> each_of(const FurtherConnections& connections);

/// The message of the first Error among them; empty if there is none. Throws what is no Error.
std::string first_error(std::span<const std::exception_ptr> thrown);

}  // namespace connector::core
