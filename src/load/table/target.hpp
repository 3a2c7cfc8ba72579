// A table that is loaded or refreshed: what it is, and what hinders that its storage is exchanged.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "load/read/plan.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace connector::load {

struct TargetColumn {
  AttrNumber number;
  std::string name;  ///< in the database's encoding
  Oid type;
  int32 typmod;
  Oid collation;
  bool generated;
  bool not_null;
  bool identity;
  bool in_primary_key;
  /// Whether ALTER TABLE … DROP NOT NULL would take it away.
  bool can_drop_not_null() const noexcept { return not_null && !identity && !in_primary_key; }
  bool operator==(const TargetColumn&) const = default;
};

/// An existing table. Names are in the database's encoding.
struct RefreshTarget {
  Oid oid = InvalidOid;
  std::string schema;
  std::string name;
  Oid owner = InvalidOid;
  char kind = 0;         ///< RELKIND_…
  char persistence = 0;  ///< RELPERSISTENCE_…
  Oid toast = InvalidOid;
  bool has_children = false;  ///< inheritance children, which may be gone again; partitions do not count
  std::vector<TargetColumn> columns;

  std::string sql() const;  ///< schema.name, quoted
  /// How DML names it: a plain table without its inheritance children.
  std::string sql_only() const;
  std::string shown() const;  ///< `table "name"`, UTF-8
  const TargetColumn* find(const std::string& server_name) const;
};

/// Reads the facts of a table that is locked. Throws core::Error (incompatible_schemas) if the relation is gone or
/// holds no rows of its own, PgError if the current role may not act as its owner.
RefreshTarget open_refresh_target(Oid relation);

/// Looks at a table that an import has just created, and that event triggers may have changed since: the plan's columns
/// are found by their names, and get the types that the table has for them. Throws core::Error (incompatible_schemas)
/// if the table can't be loaded as it is now.
RefreshTarget open_new_table(Oid table, LoadPlan& plan);

/// The error (cannot_load) of a table, whose name is in the database's encoding, that its own code has changed.
core::Error changed_by_own_code(const std::string& name, const std::string& what);

/// Looks at a table without rules again, before a statement that has its name: code of the owner's may have run since.
/// Throws core::Error: that one if its name, owner or columns are others or it has got rules, and incompatible_schemas
/// if it is gone.
void check_unchanged(const RefreshTarget& target);

/// The error (cannot_load) that tells of NULLs for a column (UTF-8) that is NOT NULL here.
core::Error null_in_not_null(const RefreshTarget& target, const std::string& column);

/// The attribute numbers of the plan's columns in a table that has them all.
std::vector<AttrNumber> planned_attributes(Oid relation, const LoadPlan& plan);

/// Whether there are rules, which make other statements of a statement on the table.
bool has_rules(const RefreshTarget& target);

/// A unique B-tree over just these columns, in any order, of all rows; InvalidOid if there is none.
Oid unique_index(const RefreshTarget& target, const std::vector<AttrNumber>& key);

/// Why rows must get into the table through the executor; empty if they need not.
std::string executor_reason(const RefreshTarget& target);

/// Why a swap would wrong the table as it is; empty if it would not.
std::string swap_hindrance(const RefreshTarget& target);

/// Whether rows of the table are computed or checked by rules of its own: generated columns, CHECK constraints.
bool has_row_rules(const RefreshTarget& target);

}  // namespace connector::load
