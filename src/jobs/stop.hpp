// Ending one run, wherever it goes on: what cdb_sync_cancel() and cdb_import_cancel() do, and the run's part in it.
//
// A run is cancelled as by pg_cancel_backend(). The process may be about to end the run, and to go on with another one
// (CALL cdb_run_due_syncs()) or another statement. So both sides take the stop lock of the run: who cancels holds it
// from before he looks which process has the run until the run can't be seen any more; the run takes it before it can't
// be seen any more, and if somebody else has it, waits, and drops the cancel that may have come too late.
// What remains: an import of a session that fails just then takes no lock, so that the cancel may reach the session's
// next statement, as that of pg_cancel_backend() may; and a Ctrl-C in the same moment is dropped with the late cancel.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <string>

#include "jobs/progress.hpp"
#include "shmem/shared.hpp"
#include "store/runs.hpp"

namespace connector::jobs {

enum class Stop {
  not_running,  ///< nobody works on it
  ended,        ///< the run has ended since, in whichever way
  going_on      ///< the run has not ended in ten seconds
};

/// Whether the current role may ask for the end of runs of the owner's: it has his privileges or those of
/// pg_signal_backend, which do not suffice for all sessions.
bool may_stop_runs_of(Oid owner);

/// Whether a process of this database works on the sync or import.
bool is_live(shmem::JobKind kind, const std::string& id);

/// Cancels the run of the sync or import `id` and waits for its end. The caller has made sure that the current role has
/// to do with it: others are not to hold the locks that a run waits for. Calls `refuse`, which throws, if the current
/// role may not: it needs the privileges of the run's owner, or those that pg_cancel_backend() asks for. Code that runs
/// in the run itself gets an Error.
Stop stop_run(shmem::JobKind kind, const std::string& id, const std::function<void()>& refuse);

/// The run is over, or its work is: from here on nobody cancels it. True if somebody has just done so by stop_run(),
/// and what comes next in this process was not meant.
bool end_stoppable(const std::string& id);

/// The failure of a run that was cancelled before it began.
store::Failure cancelled_start();

}  // namespace connector::jobs
