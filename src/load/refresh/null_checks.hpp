// NULLs where the target takes none, told by column before a row is.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <vector>

#include "load/read/plan.hpp"
#include "load/table/target.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace connector::load {

/// Throws core::Error (cannot_load) for the first of the plan's columns that has a NULL (`has_nulls`) and is NOT NULL
/// here, unless it is among `nullable`, or the one that Citus distributes the table by (an index into the plan).
void check_nulls(const RefreshTarget& target, const LoadPlan& plan, const std::vector<bool>& has_nulls,
                 const std::vector<AttrNumber>& nullable, std::optional<std::size_t> distribution);

}  // namespace connector::load
