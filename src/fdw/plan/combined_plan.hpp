// What plans of joins and of groups have in common.
#pragma once

#include "pg/postgres.hpp"

#include <cstring>

#include "fdw/plan/combined_scan.hpp"
#include "fdw/plan/planned_relation.hpp"
#include "pg/guard.hpp"

namespace connector::fdw {

/// Joins and conditions of a relation, as a scan of it has them.
CombinedScan scan_of(PlannerInfo* root, const Planned& planned);

/// Whether conditions have values that are known only when the scan begins.
bool has_parameters(PlannerInfo* root, const Planned& planned);

/// The plan. `scan_targets`: the columns of the scan's slot (TargetEntries); `kept`: expressions that are looked at
/// here. Sets the statement that is shown.
ForeignScan* combined_plan(const Planned& planned, CombinedScan scan, List* targets, List* scan_targets, List* kept,
                           Plan* outer);

/// A path, of its own type, that add_path() can't free: it frees what is dearer than a new path.
template <typename AnyPath>
Path* copy_of(const Path* path) {
  return pg::guard([=] {
    auto* copy = static_cast<AnyPath*>(palloc(sizeof(AnyPath)));
    memcpy(copy, path, sizeof(AnyPath));
    return reinterpret_cast<Path*>(copy);
  });
}

/// The plan of a join: see make_combined_plan().
ForeignScan* make_join_plan(PlannerInfo* root, RelOptInfo* join, const ForeignPath* path, List* targets, Plan* outer);

/// "(public.orders o) INNER JOIN (public.lines l)"
std::string shown_relations(const Planned& planned);

}  // namespace connector::fdw
