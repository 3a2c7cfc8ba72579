// Whether a key tells the rows of the source apart.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <string>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

/// Rows that have come from the source, and their key.
struct KeyedRows {
  const std::string& table;  ///< quoted, as DML names it
  const LoadPlan& plan;
  const std::vector<std::size_t>& key;  ///< indexes into the plan's columns
  bool permanent = false;               ///< whether a key that is refused is no use trying again
};

/// Throws core::Error: cannot_load if a row has a NULL in the key, invalid_parameters if a key column's type knows no
/// equality. `has_nulls` is of the plan's columns.
void refuse_null_keys(const KeyedRows& rows, const std::vector<bool>& has_nulls);

/// Throws core::Error (cannot_load) if two rows have the same key.
void refuse_equal_keys(const KeyedRows& rows);

}  // namespace connector::load
