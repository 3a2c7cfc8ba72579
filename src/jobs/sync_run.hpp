// Running a sync once, whoever asks: a session, a procedure or a background worker.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "jobs/work.hpp"
#include "pg/guard.hpp"
#include "jobs/run_lock.hpp"
#include "shmem/shared.hpp"
#include "store/denied_logins.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace connector::jobs {

/// How one run went.
struct SyncRun {
  store::RunResult result;
  /// Set if the run was cancelled; the error waits for a caller who recorded the end, or wants none recorded.
  std::optional<pg::PgError> cancelled;
  /// The account that it was to log in with; empty if it did not come so far.
  std::optional<store::Login> login;
};

/// Throws core::Error (connectors_disabled) if connector.role_limits forbids the current role to sync with the
/// provider. Where a request names none, it is what its foreign server says today.
void check_may_sync(const std::string& provider);

/// Does the work of one run as the sync's owner (no SET ROLE, fixed search_path; restricted if the session or the
/// current role is another), in a subtransaction that is rolled back if it fails, and closes the run `log_id`: in that
/// subtransaction if it went well, after it if not. A failure is the result, not an exception.
SyncRun run_sync(const store::Sync& sync, const std::string& log_id, Transaction transaction);

/// What became of an attempt.
struct Attempt {
  shmem::JobEnd end;
  std::optional<pg::PgError> cancelled;
  bool ran = false;
};

/// Runs a due sync in transactions of its own. A commit that fails is a failure of the run. Busy: somebody else runs it
/// or has its row locked, or its owner has no place left. Session locks are held meanwhile; whoever catches an
/// exception of this function releases them (jobs::release_runs). After PgError the transaction can go on.
Attempt attempt_run(const std::string& id, Commit commit);

}  // namespace connector::jobs
