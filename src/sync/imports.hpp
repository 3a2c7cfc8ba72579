// Imports that run in the background: queued in connector.import, their secrets in connector.import_secret.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "load/catalog.hpp"
#include "sync/store.hpp"

namespace connector::sync {

/// Queues an import of the current role. `secrets` as in StoredRequest, of the record's request.
void queue_import(const load::ImportRecord& record, const std::optional<std::string>& secrets);

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

void begin_import(const std::string& id, Time now);

/// After the end: forgets the secret, and notifies the channel `connector` when the transaction commits.
void settle_import(const std::string& id);

/// Of each role's queued imports the `most` that wait for the longest time; all that `role` has the privileges of.
std::vector<DueSync> oldest_queued_imports(Oid role, int most);

/// Records the end of imports on which nobody works any more.
void end_lost_imports(int keep);

/// Records a failure of an import that was queued or begun.
void fail_import(const QueuedImport& import, const Failure& failure, int keep);

bool any_queued_import();

}  // namespace connector::sync
