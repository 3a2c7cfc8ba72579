// Imports that run in the background: queued in connector.import, their secrets in connector.import_secret.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "store/catalog.hpp"
#include "core/request/masked_connector.hpp"
#include "core/schedule/schedule.hpp"
#include "core/request/masked_connector.hpp"
#include "store/due_row.hpp"

namespace connector::store {

/// Queues an import of the current role. `secrets` as in StoredRequest, of the record's request.
void queue_import(const store::ImportRecord& record, const std::optional<std::string>& secrets);

/// A queued import, its row locked until the transaction's end.
struct QueuedImport {
  std::string id;
  Oid owner = InvalidOid;
  core::StoredRequest request;  ///< UTF-8; its owner is who gave it
  std::string provider;
  std::string schema;  ///< in the database's encoding
};

/// The import if it waits for its run; empty too if another session has it locked.
std::optional<QueuedImport> lock_queued_import(const std::string& id);

/// Likewise, the import if it was begun and has not ended.
std::optional<QueuedImport> lock_begun_import(const std::string& id);

void begin_import(const std::string& id, schedule::Time now);

/// After the end: forgets the secret, and notifies the channel `connector` when the transaction commits.
void settle_import(const std::string& id);

/// Of each role's queued imports the `most` that wait for the longest time; all that `role` has the privileges of.
std::vector<DueRow> oldest_queued_imports(Oid role, int most);

/// Imports that were begun and have not ended. Whether somebody still works on them their locks tell.
std::vector<std::string> begun_imports();

bool any_queued_import();

}  // namespace connector::store
