// One moment for all that is read in a transaction, over one connection or several.
#pragma once

#include <string>

#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// Begins a transaction as begin_transaction() does, and keeps it until Session::end_snapshot(); till then
/// begin_transaction() begins none. See core::Connection::begin_snapshot().
std::string begin_snapshot(Session& session, const std::string& shared);

/// The first statement of a transaction that is to see the snapshot of another session, with its semicolon. Throws
/// Error if the name can be none.
std::string import_statement(const std::string& snapshot);

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
