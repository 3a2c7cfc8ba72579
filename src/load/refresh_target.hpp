// The table that a refresh is for: what it is, how it differs from the source's plan, and which way suits it.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/connector_spec.hpp"
#include "load/layout.hpp"
#include "load/plan.hpp"
#include "load/refresh.hpp"

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

/// The error (cannot_load) that tells of NULLs for a column (UTF-8) that is NOT NULL here.
core::Error null_in_not_null(const RefreshTarget& target, const std::string& column);

/// What has to change in the table before the source's rows fit.
struct ColumnChanges {
  std::vector<std::size_t> added;    ///< indexes into the plan's columns
  std::vector<std::size_t> retyped;  ///< likewise
  std::vector<AttrNumber> dropped;   ///< of the table
  /// Of the table: NOT NULL came from the source, which has it no more.
  std::vector<AttrNumber> nullable;
  /// The table's primary key came from the source, which has it no more: the constraint's name, "" if that is not so,
  /// and its index.
  std::string lost_key;
  Oid lost_key_index = InvalidOid;

  bool any() const noexcept {
    return !added.empty() || !retyped.empty() || !dropped.empty() || !nullable.empty() || !lost_key.empty();
  }
  /// Whether values of rows that are there change or go.
  bool touches_values() const noexcept { return !retyped.empty() || !dropped.empty(); }
};

/// Compares. A column whose type was altered here, and not in the source, keeps its local type: the plan's target is
/// set to it. NOT NULL and primary key are compared if `constraints` says that the source is one that tells them.
/// Throws core::Error: incompatible_schemas for changes that must not or can't be followed, dependents_in_the_way
/// naming what depends on a column that would be dropped or get another type.
ColumnChanges compare_columns(const RefreshTarget& target, LoadPlan& plan, const std::optional<Layout>& layout,
                              core::OnSchemaChange policy, bool constraints);

/// The columns to add where the table's own must be in the plan as they are, but for default columns if these are asked
/// for. Throws core::Error (incompatible_schemas).
ColumnChanges compare_to_overwrite(const RefreshTarget& target, const LoadPlan& plan, bool default_columns);

/// The actions of an ALTER TABLE that makes the changes of columns, "" if there are none: for a table without children.
/// Columns that get another type become NULL.
std::string alter_actions(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes);

/// Likewise, of constraints that the source has no more.
std::string constraint_actions(const RefreshTarget& target, const ColumnChanges& changes);

/// SQL that makes all changes, "" if there are none. With `keep_values` columns that get another type keep their
/// values, else these become NULL. Inheritance children keep columns that go as their own.
std::string alter_statements(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                             bool keep_values);

/// The attribute numbers of the plan's columns in a table that has them all.
std::vector<AttrNumber> planned_attributes(Oid relation, const LoadPlan& plan);

/// The key to tell rows apart by: `sync.key` (remote or local names), else the table's primary key, else what foreign
/// keys refer to, if it consists of columns of the plan; indexes into the plan's columns, empty if there is none.
/// Throws core::Error (invalid_parameters) for a key column that the source does not have.
std::vector<std::size_t> refresh_key(const RefreshTarget& target, const core::SyncOptions& options,
                                     const LoadPlan& plan);

struct WayChoice {
  RefreshWay way;
  std::string reason;  ///< why a replace does not go by swap (UTF-8), else empty
};

/// Which way the refresh goes.
WayChoice choose_way(const RefreshTarget& target, const core::SyncOptions& options, const ColumnChanges& changes,
                     bool has_key);

/// Whether Citus spreads the table over nodes.
bool is_distributed(const RefreshTarget& target);

/// Why rows must get into the table through the executor; empty if they need not.
std::string executor_reason(const RefreshTarget& target);

/// Why a swap would wrong the table as it is; empty if it would not.
std::string swap_hindrance(const RefreshTarget& target);

}  // namespace connector::load
