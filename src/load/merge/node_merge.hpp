// The merge of a table that Citus distributes, by statements that each node runs on the rows it has.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

#include "load/merge/applied.hpp"
#include "load/merge/node_staging.hpp"
#include "load/read/plan.hpp"
#include "load/table/distribution.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// As apply_merge(), with the rows in `rows`, of the columns of `staging`. The key has the distribution column, if
/// there is one, and no NULLs. Throws core::Error (cannot_load) where the rows can't be brought past each other: they
/// exchange unique values, or refer to each other in a circle.
Applied merge_on_nodes(const RefreshTarget& target, const TableDistribution& distribution, const NodeStaging& rows,
                       const LoadPlan& plan, const std::vector<std::size_t>& key, MissingRows missing);

}  // namespace connector::load
