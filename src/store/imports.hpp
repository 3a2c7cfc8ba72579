// The tables connector.import, with the imports that have ended and those that wait for their run in the background or
// are in it, and connector.import_secret, with the secrets of the latter.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "core/request/masked_connector.hpp"
#include "store/due_row.hpp"
#include "store/runs.hpp"

namespace connector::store {

/// What connector.import.state says: waits, runs, has ended.
enum class ImportState { enqueued, uploading, complete, failure };
std::string_view import_state_name(ImportState state) noexcept;

/// An import as it is remembered in connector.import. Texts are UTF-8.
struct ImportRecord {
  std::string item_queue_id;
  std::optional<std::string> synchronization_id;  ///< uuid: it is the first run of this sync
  std::optional<std::string> batch_id{};          ///< uuid: it is one of many that one call asked for
  std::string provider;
  std::string request;  ///< masked JSON
  ImportState state = ImportState::enqueued;
  std::string schema;
  RequestTexts texts;
  std::optional<std::string> table_name;
  std::optional<int> error_code;  ///< of a failure, or `skipped`
  std::optional<Failure> failure{};
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::optional<std::string> result;  ///< JSON
};

/// Adds a finished import of the current role, or finishes the one that was announced under this id, and forgets all
/// but the role's newest `keep` finished ones that are of no batch. Waits for nobody: throws core::Error (unknown) if
/// another session is just deleting the announced one.
void record_import(const ImportRecord& record, int keep);

/// Announces an import of the current role that is to run later.
void announce_import(const ImportRecord& record);

/// Queues an import of the current role. `secrets` as in StoredRequest, of the record's request.
void queue_import(const ImportRecord& record, const std::optional<std::string>& secrets);

/// A queued import, its row locked until the transaction's end.
struct QueuedImport {
  std::string id;
  Oid owner = InvalidOid;
  core::StoredRequest request;  ///< UTF-8; its owner is who gave it
  std::string provider;
  std::string schema;  ///< in the database's encoding
  RequestTexts texts;
  bool in_batch = false;
};

/// The import if it waits for its run; empty too if another session has it locked.
std::optional<QueuedImport> lock_queued_import(const std::string& id);

/// Likewise, the import if it was begun and has not ended.
std::optional<QueuedImport> lock_begun_import(const std::string& id);

/// What is on record of an import; nothing is locked.
struct KnownImport {
  Oid owner = InvalidOid;
  ImportState state = ImportState::enqueued;
  std::optional<std::string> synchronization_id;
};
/// Empty if there is none under this id: a session that waits for its import records it at the end.
std::optional<KnownImport> find_import(const std::string& id);

void begin_import(const std::string& id, schedule::Time now);

/// After the end: forgets the secret, and notifies the channel `connector` when the transaction commits.
void conclude_import(const std::string& id);

/// Imports of the current role that wait or run, by schema and wanted name: what they will fill.
struct ComingImport {
  std::string id;
  std::string schema;        ///< in the database's encoding
  std::string target_table;  ///< UTF-8
};
std::vector<ComingImport> coming_imports();

/// How many imports of the role are queued, counted up to `most`.
int queued_import_count(Oid role, int most);

/// Of each role's queued imports the `most` that wait for the longest time; all that `role` has the privileges of.
std::vector<DueRow> oldest_queued_imports(Oid role, int most);

/// Imports that were begun and have not ended. Whether somebody still works on them their locks tell.
std::vector<std::string> begun_imports();

bool any_queued_import();

}  // namespace connector::store
