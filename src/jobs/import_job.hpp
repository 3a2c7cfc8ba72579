// Imports that run in the background.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "jobs/request.hpp"
#include "jobs/sync_run.hpp"
#include "store/imports.hpp"

namespace connector::jobs {

/// Queues the import for a worker that starts when the current transaction commits.
store::ImportRecord queue_import(const Request& request);

/// Runs a queued import in transactions of its own, as attempt_run() does a sync.
Attempt attempt_import(const std::string& id, Commit commit);

}  // namespace connector::jobs
