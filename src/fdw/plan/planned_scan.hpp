// What the planner hands to the executor, as nodes that PostgreSQL can copy.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

extern "C" {
#include "nodes/plannodes.h"
}

namespace connector::fdw {

struct PlannedOrder {
  AttrNumber attribute = 0;
  bool descending = false;
  bool nulls_first = false;
  int relation = 0;  ///< while planning: the table's number in the range table
};

/// The scan of one foreign table.
struct PlannedScan {
  std::vector<AttrNumber> attributes;  ///< whose values are needed
  /// Conditions that the remote gets, with Vars of the table and constants; and whether each was exact, so that nobody
  /// else looks at it.
  std::vector<Expr*> conditions;
  std::vector<bool> is_exact;
  /// So many of them, the last ones, are `column = ANY (parameter)` of a join that looks keys up: nobody but this join
  /// gives the parameter its values, and it looks at all rows again.
  std::size_t keys = 0;
  std::vector<PlannedOrder> order;
  Expr* limit = nullptr;   ///< bigint; null = none
  Expr* offset = nullptr;  ///< rows behind the limit that are wanted beside: the remote's limit is the sum
  std::string statement;   ///< as it is shown, in the database's encoding
};

/// Puts the scan into plan nodes. `relation`: the table's number in the range table. In a guard the lists would be
/// lost: allocates in the current context. Throws PgError.
struct PlanLists {
  List* expressions = nullptr;  ///< ForeignScan.fdw_exprs
  List* facts = nullptr;        ///< ForeignScan.fdw_private
};
PlanLists plan_lists(const PlannedScan& scan, Index relation);

/// Reads them back.
PlannedScan planned_scan(const ForeignScan* plan);

}  // namespace connector::fdw
