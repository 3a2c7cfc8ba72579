// What a refresh of a table that Citus distributes can't do, told before rows are read.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <vector>

#include "load/read/plan.hpp"
#include "load/refresh/column_changes.hpp"
#include "load/refresh/refresh_mode.hpp"
#include "load/table/distribution.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// Throws core::Error: incompatible_schemas for a table that is distributed in a way which has no INSERT … SELECT, or
/// whose rows can't be deleted and updated, and for changes of its distribution column; invalid_parameters for a key
/// without it. `key` may be empty.
void check_distributed_refresh(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
                               const ColumnChanges& changes, RefreshMode mode, const std::vector<std::size_t>& key);

/// Whether an INSERT of rows that fit the columns may be refused: unique indexes, foreign keys, checks.
bool has_constraints(const RefreshTarget& target);

}  // namespace connector::load
