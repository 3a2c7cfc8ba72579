// What reading a foreign table costs, in the planner's units: guesses that put whole scans, lookups by key and rows
// that are thrown away here in the right order.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include "core/remote/source.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace connector::fdw {

/// Where neither the remote nor an ANALYZE tells the number of rows.
inline constexpr double default_rows = 1000;

/// At most so many rows meet all conditions, if these fix a key of the table.
std::optional<double> rows_by_key(const core::SourceDescription& description,
                                  const std::vector<core::Expression>& conditions);

/// Whether an index, or the key, begins with the column (an index in the description).
bool is_indexed(const core::SourceDescription& description, std::size_t column);

/// Whether the first column of an index, or of the key, is in one of the conditions.
bool serves_index(const core::SourceDescription& description, const std::vector<core::Expression>& conditions);

/// Of an index, or the key, with several of these columns, or with one of them and one that a list of the conditions is
/// about: the combinations of values that these lists alone have. The most of all such indexes; 0 = there is none.
double index_combinations(const core::SourceDescription& description, const std::vector<std::size_t>& columns,
                          const std::vector<core::Expression>& conditions);

struct RemoteWork {
  double table_rows = 0;
  bool has_index = false;  ///< the remote need not look at all rows
  double sent_rows = 0;
  int width = 0;  ///< bytes of a row
  bool is_sorted = false;
  QualCost local{};  ///< conditions that are looked at here
};

struct PathCost {
  double startup = 0;
  double total = 0;
};
PathCost path_cost(const RemoteWork& work);

/// The rows that the remote is asked for, if LIMIT and OFFSET (null: none) are constants.
std::optional<std::int64_t> constant_limit(const Expr* limit, const Expr* offset);

}  // namespace connector::fdw
