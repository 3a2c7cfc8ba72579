// The staging's tables, as a comparison of rows writes into them: without the executor.
#pragma once

#include "pg/postgres.hpp"

#include "load/merge/row_comparison.hpp"

extern "C" {
#include "access/heapam.h"
#include "executor/tuptable.h"
#include "utils/rel.h"
}

namespace connector::load {

/// The target's rows come from a query whose columns are tableoid and ctid, then those of the staging table.
constexpr int target_columns_before = 2;

/// The values of a row of the target, all of which were extracted.
inline RowValues values_of_target(const TupleTableSlot& row) noexcept {
  return {row.tts_values + target_columns_before, row.tts_isnull + target_columns_before};
}

inline RowValues values_of_staged(const TupleTableSlot& row) noexcept {
  return {row.tts_values, row.tts_isnull};
}

/// Raises an ERROR if the query's rows are not of the types that are compared. In a guard.
void check_target_row(const RowComparison& comparison, TupleDesc row);

/// Raises an ERROR if the staging table, which is open, is not as it was made: code of the target's owner has run
/// since, as the planner may call functions of policies, and values are read as what they were declared to be. While it
/// is open, PostgreSQL refuses to alter it. In a guard.
void check_staging(Relation staging, const RowComparison& comparison);

/// The table of differences, open. Plain, as it is used within PostgreSQL's executor: all is to be called in a guard,
/// and an abort of the transaction closes it.
class DifferenceTable {
 public:
  /// Raises an ERROR if the table was altered since it was made. `comparison` outlives this.
  void open(Oid table, const RowComparison& comparison);

  /// A row for the target's `target` (may be null: to be inserted) and the staging table's `staged` (may be null: to be
  /// deleted), whose address is known. May leave memory behind.
  void add(const TupleTableSlot* target, TupleTableSlot* staged, bool out_of_order = false);

  void close();

 private:
  Relation table_;
  const RowComparison* comparison_;
  TupleTableSlot* row_;
  BulkInsertState insert_state_;
  CommandId command_;
};

}  // namespace connector::load
