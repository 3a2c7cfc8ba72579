// What the planner hands to the executor for a statement that joins or groups, as nodes that PostgreSQL can copy.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/remote/scan.hpp"
#include "fdw/plan/conditions.hpp"
#include "fdw/plan/planned_scan.hpp"
#include "fdw/table/foreign_table.hpp"

extern "C" {
#include "nodes/plannodes.h"
}

namespace connector::fdw {

/// A column of the statement's result.
struct CombinedColumn {
  Oid type = InvalidOid;  ///< as which it is read
  int32 typmod = -1;
  std::vector<int> attributes;  ///< of the scan's slot, counted from 0; none if it is only a part of an average
};

/// An attribute that is a sum, a column that is declared numeric, divided by a count, one that is declared bigint; NULL
/// where the sum is. The columns are counted from 0.
struct Average {
  int attribute = 0;
  std::size_t sum = 0;
  std::size_t count = 0;
};

/// A scan whose rows are those of no table. Its conditions are all exact: what they keep is not looked at again.
struct CombinedScan {
  std::vector<Oid> tables;  ///< foreign tables, of which the first one's server is that of all
  /// With indexes of the source that they are together, and with parameters where its conditions have values that are
  /// not known yet; without the limit.
  core::Scan scan;
  std::vector<Parameter> parameters;
  std::vector<CombinedColumn> columns;  ///< of scan.columns, and behind them of scan.aggregates
  std::vector<Average> averages;
  Expr* limit = nullptr;  ///< as of PlannedScan
  Expr* offset = nullptr;
  std::string relations;  ///< what is joined, for people, in the database's encoding
  std::string statement;  ///< as it is shown, likewise
};

/// Puts the scan into plan nodes, and reads them back; as those of planned_scan.hpp.
PlanLists plan_lists(const CombinedScan& scan);
CombinedScan combined_scan(const ForeignScan* plan);

/// Whether an aggregate that arrives so has the values of the declared type: the least and the greatest value have to
/// be of that type, counts and sums are cast to it.
bool can_read_aggregate(const core::RemoteColumn& arriving, core::AggregateFunction function,
                        const load::LocalType& declared);

/// Whether a plan is that of a CombinedScan.
inline bool is_combined(const ForeignScan* plan) noexcept {
  return plan->scan.scanrelid == 0;
}

}  // namespace connector::fdw
