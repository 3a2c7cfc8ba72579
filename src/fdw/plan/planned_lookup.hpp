// What the planner hands to the executor for a join whose keys are looked up in a foreign table by batches.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

extern "C" {
#include "nodes/plannodes.h"
}

namespace connector::fdw {

/// `outer value = column of the foreign table`, of which the remote is asked for lists of values.
struct LookupKey {
  Expr* outer = nullptr;  ///< in a plan it is evaluated on the row that has the columns of both sides
  Expr* inner = nullptr;
  Oid type = InvalidOid;  ///< of the outer value
  Oid outer_hash = InvalidOid;
  Oid inner_hash = InvalidOid;  ///< equal values of the two have equal hashes
  Oid collation = InvalidOid;
  int parameter = -1;  ///< PARAM_EXEC: the array of the batch's values
};

/// A CustomScan with two plans below, the outer one and the scan of the foreign table, and a row type that has the
/// columns of both, one after the other.
struct PlannedLookup {
  JoinType type = JOIN_INNER;    ///< inner, left, semi or anti
  int first_values = 0;          ///< in the first batch; the next ones are larger
  int most_combinations = 0;     ///< of the values of a batch's keys; 0: as many as there are
  List* join_clauses = nullptr;  ///< that decide whether two rows belong together
  std::vector<LookupKey> keys;
};

/// Fills custom_exprs and custom_private. In a guard the lists would be lost: allocates in the current context. Throws
/// PgError.
void put_into(CustomScan* plan, const PlannedLookup& lookup);

/// Reads them back.
PlannedLookup planned_lookup(const CustomScan* plan);

}  // namespace connector::fdw
