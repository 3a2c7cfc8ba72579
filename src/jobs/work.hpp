// The work of a run, with its failures as values.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <optional>

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

/// Does `work` in a subtransaction, which is rolled back if it fails. If the process is to end, it does so here.
WorkEnd do_work(const std::function<void()>& work);

/// Whose transaction a run is done in.
enum class Transaction {
  own,       ///< begun for the run, and committed when it has ended
  of_caller  ///< a session's, which may have done other things before
};

/// Fires what waits for the commit now, as the current role: so a constraint that fails is the work's failure, and code
/// of a table's owner does not run when the commit records a success. Only for transactions begun for the work: in
/// others some of it belongs to the caller.
void fire_deferred_triggers();

}  // namespace connector::jobs
