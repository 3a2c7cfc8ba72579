// How a table's columns differ from the source's, and how they are made to fit.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "load/read/plan.hpp"
#include "load/refresh/schema_change.hpp"
#include "load/table/layout.hpp"
#include "load/table/target.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace connector::load {

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

/// The changes in words, before they are made.
std::vector<SchemaChange> told_changes(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes);

/// The columns to add where the table's own must be in the plan as they are, but for default columns if these are asked
/// for. Throws core::Error (incompatible_schemas).
ColumnChanges compare_to_overwrite(const RefreshTarget& target, const LoadPlan& plan, bool default_columns);

/// The actions of an ALTER TABLE that makes the changes of columns, "" if there are none: for a table without children.
/// Columns that get another type become NULL.
std::string alter_actions(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes);

/// Likewise, of constraints that the source has no more.
std::string constraint_actions(const RefreshTarget& target, const ColumnChanges& changes);

/// What becomes of the values of columns that get another type.
enum class RetypedValues { kept, nulled };

/// SQL that makes all changes, "" if there are none. Inheritance children keep columns that go as their own.
std::string alter_statements(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                             RetypedValues values);

}  // namespace connector::load
