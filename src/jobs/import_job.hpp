// Imports that run in the background.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/request/connector_spec.hpp"
#include "core/request/masked_connector.hpp"
#include "jobs/sync_run.hpp"
#include "load/table/target_table.hpp"
#include "store/imports.hpp"

namespace connector::jobs {

/// Throws core::Error (connectors_disabled) if no worker can be the current role, as it can't log in: it could not even
/// say why it failed.
void check_can_import_in_background();

/// How many imports of the current role wait, as far as that counts.
int waiting_imports();

/// Throws Error (too_many_concurrent) if a role of which `waiting` imports wait may not queue another one.
void check_may_queue(int waiting);

/// Queues an import into a table of `schema` for a worker that starts when the current transaction commits. The caller
/// has made the checks. `batch_id` is the uuid of the call that queues many.
store::ImportRecord queue_import(const core::ConnectorSpec& spec, const core::StoredRequest& request,
                                 const load::TargetSchema& schema,
                                 const std::optional<std::string>& batch_id = std::nullopt);

/// Runs a queued import in transactions of its own, as attempt_run() does a sync.
Attempt attempt_import(const std::string& id, Commit commit);

}  // namespace connector::jobs
