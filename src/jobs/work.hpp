// The work of a run, with its failures as values.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <optional>

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace connector::jobs {

struct WorkEnd {
  std::optional<store::Failure> failure;
  /// Set if the work was cancelled; the error waits for a caller who recorded the end, or wants none recorded.
  std::optional<pg::PgError> cancelled;
};

/// A PostgreSQL error as it is remembered.
store::Failure failure_of(const pg::PgError& error);

/// The failure of a run that connector.statement_timeout ended while it did not wait for the remote.
core::Error run_too_long();

/// Does `work` in a subtransaction, which is rolled back if it fails, with `too_long` if it took longer than
/// the connector.statement_timeout of `role`, whose code it may be. If the process is to end, it does so here.
WorkEnd do_work(Oid role, const std::function<void()>& work, const core::Error& too_long = run_too_long());

/// Whose transaction a run is done in.
enum class Transaction {
  own,       ///< begun for the run, and committed when it has ended
  of_caller  ///< a session's, which may have done other things before
};

/// Ends the present transaction and starts the next one, also if it throws PgError because the end failed.
using Commit = void (*)();

/// Fires what waits for the commit now, as the current role: so a constraint that fails is the work's failure, and code
/// of a table's owner does not run when the commit records a success. Only for transactions begun for the work: in
/// others some of it belongs to the caller.
void fire_deferred_triggers();

}  // namespace connector::jobs
