// What is known of a relation of the planner's that one remote statement could give: a foreign table, or a join of
// some.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fdw/plan/conditions.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/table/foreign_table.hpp"
#include "fdw/plan/planned_scan.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace connector::fdw {

/// A foreign table of a relation.
struct PlannedPart {
  std::shared_ptr<const ForeignTable> table;
  Index relation = 0;              ///< its number in the range table
  ComparableColumns comparable{};  ///< its own columns
  std::string shown{};             ///< "public.orders o"
  std::size_t first_column = 0;    ///< where its columns begin among those of the source
  bool is_visible = true;          ///< false: what is joined does not have its columns, as of EXISTS
  bool is_nullable = false;        ///< a LEFT JOIN may have no row of it
};

/// How a part behind the first one is joined.
struct PlannedJoin {
  core::JoinKind kind = core::JoinKind::inner;
  List* on = nullptr;  ///< of RestrictInfos
};

/// RelOptInfo::fdw_private. Its lists belong to the planner's memory.
struct Planned {
  Oid server = InvalidOid;
  Oid role = InvalidOid;
  std::vector<PlannedPart> parts;
  std::vector<PlannedJoin> joins;  ///< for each part but the first one
  core::SourceDescription description{};
  ScanColumns columns;             ///< that conditions can be about; without those of parts that are not visible
  ScanColumns all_columns;         ///< with them
  std::vector<bool> is_ordered{};  ///< by index in the description: the remote orders it as PostgreSQL does
  /// Of a relation above which something may be sent: its conditions (RestrictInfos), all of them exact.
  List* conditions = nullptr;
  List* kept = nullptr;    ///< of a join: RestrictInfos that are looked at here
  bool all_exact = false;  ///< something above it may be sent: all below is, and is exact
  double looked_at = 0;    ///< rows that the remote looks at for it
};

/// Of a table or join whose fdw_private is not null.
Planned& planned(const RelOptInfo* relation);

/// The source that the relation is read of: its table, or its tables joined; null if they can't be.
core::Source* source_of(Lease& lease, const Planned& planned);

/// The column of the source that a column of a visible table is, whether conditions can be about it or not; nothing for
/// system columns and whole rows. In a guard or out of it.
std::optional<std::size_t> source_column(const Planned& planned, const Var* column);

/// What the remote makes of a condition.
struct Condition {
  core::Support support = core::Support::none;
  core::Expression expression{};
};
Condition condition_of(PlannerInfo* root, const Planned& planned, core::Source& source, const RestrictInfo* clause);

/// The clauses of a list as conditions.
struct ClassifiedClauses {
  List* sent = nullptr;  ///< of RestrictInfos
  List* kept = nullptr;  ///< that are looked at here; those that narrow are in both
  bool all_exact = true;
  std::vector<core::Expression> expressions{};  ///< of those that are sent
  std::vector<bool> is_exact{};                 ///< likewise
};
void classify_clauses(PlannerInfo* root, const Planned& planned, core::Source& source, const List* clauses,
                      ClassifiedClauses& classified);

/// The order of a path, if the remote can give it.
std::optional<std::vector<PlannedOrder>> orders_of(const Planned& planned, const RelOptInfo* relation,
                                                   const List* keys);

/// Whether the query's LIMIT counts rows of this relation, in the order in which the path gives them: nothing between
/// the two joins, groups, multiplies, drops or locks rows.
bool limit_counts_rows_of(const PlannerInfo* root, const RelOptInfo* relation, const Path& path);

/// Whether only some rows of the query's answer are wanted, so that an order is better made there.
bool wants_first_rows(const PlannerInfo* root);

}  // namespace connector::fdw
