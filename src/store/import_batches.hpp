// The table connector.import_batch, with the calls of cdb_import_tables(), and what connector.import has of them: what
// one call queued ends together. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "store/due_row.hpp"

namespace connector::store {

/// Of the current role.
void create_batch(const std::string& id);

/// Batches whose imports have all ended, and whose own end nobody has recorded; those that `role` has the privileges
/// of. Their provider is empty.
std::vector<DueRow> ready_batches(Oid role);

bool any_open_batch();

/// The batch's owner, its row locked until the transaction's end. Empty if it is not ready (any more), or another
/// session has it locked.
std::optional<Oid> lock_ready_batch(const std::string& id);

/// What an import of a batch leaves for the batch's end. Texts are in the database's encoding but for `references`.
struct BatchImport {
  std::string id;
  std::string schema;
  std::string table;
  std::string references;  ///< UTF-8, as save_references() got it
};

/// For the batch's end: the table that the import filled, and what it refers to (JSON, UTF-8).
void save_references(const std::string& import, const std::string& references);
/// Those of the batch's imports that filled a table and saved something.
std::vector<BatchImport> batch_imports(const std::string& id);

/// What is missing of it (UTF-8), for the view connector.imports.
void save_problem(const std::string& import, const std::string& problem);

/// Records the end, notifies the channel `connector` when the transaction commits, and forgets all but the owner's
/// newest `keep` ended batches with their imports.
void end_batch(const std::string& id, int keep);

}  // namespace connector::store
