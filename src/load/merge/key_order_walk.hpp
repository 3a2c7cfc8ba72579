// Compares a table with the rows that were loaded beside it, where these lie in the order of the key: one walk through
// both, without an index, a sort or a hash table.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load/merge/staging.hpp"

namespace connector::load {

struct WalkResult {
  /// False if too many rows of the staging table do not lie in the key's order. What was found is worth nothing then.
  bool complete = false;
  /// Rows of the staging table that do not lie in the order of the others, or have the key of another. Each was put
  /// among those that are to be inserted, with `moved`, whether the target has its key or not.
  std::uint64_t out_of_order = 0;
};

/// Fills the staging's table of differences. `target_rows` is a query for the target's rows in the order of the key:
/// the columns tableoid and ctid, then those of the staging table, of the same types. `key` has indexes into the
/// latter; they have an order, the target has no two rows with the same key, and the staging table no NULL in it.
/// Values differ if they are not stored the same, but for two numerics of the same value and scale and two NaNs.
WalkResult walk_in_key_order(const Staging& staging, const std::vector<std::size_t>& key,
                             const std::string& target_rows);

}  // namespace connector::load
