// What a join costs whose keys are looked up by batches, in the planner's units.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

#include "fdw/plan/remote_costs.hpp"

namespace connector::fdw {

/// The most values of a key in one statement. Servers take some thousands, but it is the number of the statements that
/// counts, and they grow few enough with this.
inline constexpr int most_key_values = 1000;
/// In the first batch, for who wants few rows only, and by what they grow.
inline constexpr int first_key_values = 50;
inline constexpr int key_values_growth = 4;

/// The most combinations of the values that a batch gives the columns of one index. The remote looks each of them up:
/// that costs more than a statement for each few of them. MySQL and MariaDB take each for a row, and rather read the
/// whole table or index where that are many beside its rows; MySQL does so, too, where range_optimizer_max_mem_size has
/// no room for them ("Limiting Memory Use for Range Optimization": 230 bytes for each).
inline constexpr int most_key_combinations = 2'500;

struct LookupWork {
  double outer_rows = 0;
  int first_values = first_key_values;
  int most_combinations = 0;  ///< of a batch's values; 0: as many as there are
  struct Key {
    double values = 0;       ///< different ones on the outer side
    double selectivity = 0;  ///< of one value: the part of the table's rows that have it
  };
  std::vector<Key> keys;
  double rows_by_key = 0;  ///< the most rows of the table that one row of the outer side can meet; 0: not known
  double rows = 0;         ///< of the table that its own conditions leave
  RemoteWork remote;       ///< of the scan; sent_rows is filled in here
  QualCost clauses{};      ///< of the join
  double pairs = 0;        ///< rows that the join gives
};

struct LookupCost {
  PathCost scan;  ///< one batch
  double scan_rows = 0;
  double startup = 0;     ///< beside that of the outer side
  double run = 0;         ///< likewise
  double first_part = 0;  ///< the part of the outer rows that the first batch has
};
LookupCost lookup_cost(const LookupWork& work);

}  // namespace connector::fdw
