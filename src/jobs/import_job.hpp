// Imports that run in the background.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "jobs/request.hpp"
#include "jobs/sync_run.hpp"
#include "store/imports.hpp"

namespace connector::jobs {

/// Throws core::Error (connectors_disabled) if no worker can be the current role, as it can't log in: it could not even
/// say why it failed.
void check_can_import_in_background();

/// Queues the import for a worker that starts when the current transaction commits.
store::ImportRecord queue_import(const Request& request);

/// Likewise one of which everything is known and checked. `secrets` as in core::StoredRequest.
void queue_checked_import(const store::ImportRecord& record, const std::optional<std::string>& secrets);

/// Runs a queued import in transactions of its own, as attempt_run() does a sync.
Attempt attempt_import(const std::string& id, Commit commit);

}  // namespace connector::jobs
