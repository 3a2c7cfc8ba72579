// Paths and plans of what a remote joins, groups or aggregates. PostgreSQL's callbacks, called through pg::enter(): see
// foreign/fdwapi.h.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "foreign/fdwapi.h"
}

namespace connector::fdw {

/// Adds a path in which the remote joins: what stands on the outer side, maybe a join already, with one table more.
/// Only where all conditions below are exact, and so is each condition of an outer join.
void add_join_path(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                   JoinPathExtraData* extra);

/// Adds a path in which the remote makes groups and aggregates, or different rows.
void add_upper_path(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input, RelOptInfo* output, void* extra);

/// The plan of one of these. `outer`: null, or the plan that gives the same rows by other means, for values of
/// parameters that the remote can't be asked with.
ForeignScan* make_combined_plan(PlannerInfo* root, RelOptInfo* relation, const ForeignPath* path, List* targets,
                                Plan* outer);

}  // namespace connector::fdw
