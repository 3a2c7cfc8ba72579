// What follows the end of a run, whether it ended well, badly, or without a word.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "core/base/error.hpp"
#include "settings/limits.hpp"
#include "jobs/run_lock.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace connector::jobs {

/// As it is recorded. Permanent are the errors that trying again can't help.
store::Failure failure_of(const core::Error& error);

/// The failure of a run on which nobody works any more.
store::Failure lost_run(std::string_view hint);

/// Gives the sync, whose row is locked, what its last run brought, and decides what follows. A run that has not ended
/// was lost.
void conclude_run(const store::Sync& sync, const settings::RunLimits& limits);

/// Concludes the run of the sync, whose row is locked, if it is in state syncing and nobody works on it any more, and
/// reads it again. False if somebody does.
bool end_if_lost(store::Sync& sync, const settings::RunLimits& limits);

/// The same for all syncs whose owner's privileges `role` has. False if some could not be looked at because another
/// session has them locked.
bool end_lost_runs(Oid role, const settings::RunLimits& limits);

/// DROP ROLE does not know of syncs and API keys: those whose owner is gone, and passwords that a dropped role gave, go
/// here, syncs with a line in the server's log. A table that is another role's by now keeps its sync. Rows that are
/// locked are left.
void forget_dropped_roles();

/// Records a run that failed before it could begin.
void record_failed_start(const store::Sync& sync, const store::Failure& failure, const settings::RunLimits& limits);

/// How many runs the role may have at the same time; 0 = no limit. connector.role_limits counts first, then a setting
/// of the role, then that of this process.
int place_limit(Oid role, const std::string& provider, const settings::RunLimits& limits);

}  // namespace connector::jobs
