// The end of a call of cdb_import_tables(), when all that it queued has ended.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "jobs/sync_run.hpp"
#include "jobs/work.hpp"
#include "store/runs.hpp"

namespace connector::jobs {

/// Adds the foreign keys of the batch's tables, and records and tells its end, in transactions of its own, as
/// attempt_run() does a sync. What foreign key could not be added is told by the view connector.imports.
Attempt attempt_batch(const std::string& id, Commit commit);

/// For a batch whose end was begun by a process that is gone, or that could not be started: ends it without foreign
/// keys, if it is ready and nobody is at it.
void end_lost_batch(const std::string& id, const store::Failure& failure);

}  // namespace connector::jobs
