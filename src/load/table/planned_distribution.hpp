// The column by which Citus distributes a table, among those that a load fills.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <string>

#include "load/read/plan.hpp"
#include "load/table/distribution.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// The index of the distribution column in the plan; nothing if the table has none. Throws core::Error
/// (incompatible_schemas) if the source does not have it.
std::optional<std::size_t> planned_distribution(const RefreshTarget& target, const TableDistribution& distribution,
                                                const LoadPlan& plan);

/// The error (cannot_load) of a NULL for the distribution column (UTF-8).
core::Error null_in_distribution(const RefreshTarget& target, const std::string& column);

}  // namespace connector::load
