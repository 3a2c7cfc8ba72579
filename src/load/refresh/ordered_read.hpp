// Reading a source in the order that the key has here.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include "core/remote/source.hpp"
#include "load/read/plan.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// The columns of `key` (indexes into the plan's) in the order in which the source's rows are to be asked for, so that
/// they come as the target's rows are ordered by the same columns. Nothing if the source does not order all of them so,
/// or if that could be dear for the remote: it is not for the columns of its primary key. May ask the remote.
std::optional<std::vector<std::size_t>> cheap_order(core::Source& source, const LoadPlan& plan,
                                                    const RefreshTarget& target, const std::vector<std::size_t>& key);

/// A scan of all rows in the order of these columns of the plan.
core::Scan ordered_scan(const LoadPlan& plan, const std::vector<std::size_t>& columns);

}  // namespace connector::load
