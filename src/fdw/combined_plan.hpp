// What plans of joins and of groups have in common.
#pragma once

#include "pg/postgres.hpp"

#include "fdw/combined_scan.hpp"
#include "fdw/planned_relation.hpp"

namespace connector::fdw {

/// Joins and conditions of a relation, as a scan of it has them.
CombinedScan scan_of(PlannerInfo* root, const Planned& planned);

/// Whether conditions have values that are known only when the scan begins.
bool has_parameters(PlannerInfo* root, const Planned& planned);

/// The plan. `scan_targets`: the columns of the scan's slot (TargetEntries); `kept`: expressions that are looked at
/// here. Sets the statement that is shown.
ForeignScan* combined_plan(const Planned& planned, CombinedScan scan, List* targets, List* scan_targets, List* kept,
                           Plan* outer);

/// "(public.orders o) INNER JOIN (public.lines l)"
std::string shown_relations(const Planned& planned);

}  // namespace connector::fdw
