// Columns that get another type in a table whose rows stay: no value may be cut, rounded or emptied.
#pragma once

#include "pg/postgres.hpp"

#include "load/read/plan.hpp"
#include "load/table/target.hpp"
#include "load/refresh/column_changes.hpp"

namespace connector::load {

/// What becomes of the table's own rows behind the ALTER TABLE. Those of inheritance children are kept in any case.
enum class OwnRows { kept, overwritten, deleted };

/// Locks the table and its children against everything if columns get another type, and looks at all values. Throws
/// core::Error (incompatible_schemas), naming column and types, if a value can't be converted, or if a kept one would
/// not be the same as before.
void check_kept_values(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes, OwnRows own);

/// Makes the changes in a table whose own rows have just been deleted. Those that rules and triggers kept are looked at
/// as above.
void alter_emptied(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes);

/// For rows that a run should have changed or deleted, and that are still as they were although columns have another
/// type now: throws core::Error (incompatible_schemas).
[[noreturn]] void refuse_kept_rows(const RefreshTarget& target);

/// Makes the changes, if there are any, after that check.
void alter_keeping_values(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes, OwnRows own);

}  // namespace connector::load
