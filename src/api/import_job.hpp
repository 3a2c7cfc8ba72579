// Imports that run in the background.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "api/json.hpp"
#include "api/request.hpp"
#include "api/sync_run.hpp"

namespace connector::api {

/// Queues the import for a worker that starts when the current transaction commits; answers what the caller gets.
Json queue_import(const Request& request);

/// Runs a queued import in transactions of its own, as attempt_run() does a sync.
Attempt attempt_import(const std::string& id, Commit commit);

}  // namespace connector::api
