// Running a sync once, whoever asks: a session, a procedure or a background worker.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "pg/guard.hpp"
#include "sync/run_lock.hpp"
#include "sync/store.hpp"

namespace connector::api {

/// How one run went.
struct SyncRun {
  sync::RunResult result;
  /// Set if the run was cancelled; the error waits for a caller who recorded the end, or wants none recorded.
  std::optional<pg::PgError> cancelled;
};

/// Does the work of one run as the sync's owner, restricted (no SET ROLE, fixed search_path), in a subtransaction that
/// is rolled back if it fails. A failure is the result, not an exception.
SyncRun run_sync(const sync::Sync& sync);

/// Gives the sync what its last run, which has ended or was lost, brought, and decides what follows.
void settle_run(const std::string& id);

/// Records the end of runs of `role`'s syncs on which nobody works any more (a crash, a kill).
void end_lost_runs(Oid role);

/// The same for one sync, whose row is locked. False if somebody works on it.
bool end_if_lost(sync::Sync& sync);

/// Takes one of the places that the sync's owner has for runs at the same time. False if all are taken.
bool take_run_place(const sync::Sync& sync, sync::LockLife life);

}  // namespace connector::api
