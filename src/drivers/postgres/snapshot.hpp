// One moment for all that is read in a transaction, over one connection or several.
#pragma once

#include <string>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// Begins a transaction as begin_transaction() does, and keeps it until Session::end_snapshot(); till then
/// begin_transaction() begins none. See core::Connection::begin_snapshot().
std::string begin_snapshot(Session& session, const std::string& shared);

/// See core::Connection::offer_state(): begins a snapshot that other sessions can have until Session::end_snapshot().
core::StateOffer offer_snapshot(Session& session);
/// See core::Connection::join_state(): ends the snapshot that the session holds, and begins that one. The mark is the
/// server's start and what the snapshot sees: behind a load balancer the name of a snapshot may be another's elsewhere.
/// The session's statements wait for locks no longer than a second then: whoever wants to change a table waits for the
/// first session that reads it, and the others would wait for him.
std::string join_snapshot(Session& session, const std::string& snapshot);

/// Own statements within a snapshot: should they fail, the snapshot stays. Where none is held it does nothing.
class WithinSnapshot {
 public:
  /// Throws what the server reports.
  explicit WithinSnapshot(Session& session);
  /// Takes them back unless done() was called.
  ~WithinSnapshot();
  WithinSnapshot(const WithinSnapshot&) = delete;
  WithinSnapshot& operator=(const WithinSnapshot&) = delete;
  void done();

 private:
  Session& session_;
  bool is_open_;
};

}  // namespace connector::postgres
