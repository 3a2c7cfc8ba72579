// Foreign keys of imported tables: added when the tables that they refer to are here.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "jobs/import_run.hpp"
#include "load/read/plan.hpp"

namespace connector::jobs {

/// A table that was imported, with its foreign keys that are still to be added. Texts are UTF-8.
struct ImportedTable {
  std::string source_schema;  ///< of the remote
  std::string source_table;
  Oid schema = InvalidOid;   ///< the local one
  Oid table = InvalidOid;    ///< of an import of this transaction
  std::string local_schema;  ///< of one before it, by their names (in the database's encoding)
  std::string local_table;
  std::optional<Oid> owner;  ///< whom it has to belong to still; empty: it is of this transaction
  core::ColumnNames naming = core::ColumnNames::normalize;
  load::ColumnNames columns;
  std::vector<load::PlannedForeignKey> keys;
};

/// Of an import that has just ended.
ImportedTable imported_table(const core::ConnectorSpec& spec, const ImportRun& run);

/// As JSON in UTF-8, and back; without the local table, which the reader knows.
std::string references_text(const ImportedTable& table);
ImportedTable read_references(const std::string& text);

/// Adds the table's foreign keys as the current role. What they refer to is looked for among `others` (which may hold
/// the table itself), then under the name that an import gives it, in the same schema and of the same role. Returns for
/// each that could not be added a phrase that says why.
std::vector<std::string> add_foreign_keys(const ImportedTable& table, const std::vector<ImportedTable>& others);

/// Of one import by itself: adds its foreign keys as the current role, restricted unless the session and `caller` are
/// that role. Tells with WARNINGs of those that could not be added, and returns the same.
std::vector<std::string> add_foreign_keys(const core::ConnectorSpec& spec, const ImportRun& run, Oid caller);

}  // namespace connector::jobs
