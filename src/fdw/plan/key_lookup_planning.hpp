// Joins of whatever stands on the outer side with a foreign table whose rows are asked for by batches of keys.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

extern "C" {
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
}

namespace connector::fdw {

/// Adds paths of the join, whose inner side is a relation of this wrapper, if it has a key that the remote can be asked
/// for. Of set_join_pathlist_hook.
void add_key_lookup_paths(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                          JoinPathExtraData* extra, const CustomPathMethods* methods);

/// The conditions by which the scan of such a join's foreign table is narrowed, with parameters that are assigned now:
/// no more than once for a path. Empty for other scans. Throws PgError.
std::vector<Expr*> key_conditions(PlannerInfo* root, const ForeignPath* path);

/// The plan of a path, when those below have been made. Of CustomPathMethods.
Plan* plan_key_lookup(const CustomPath* path, List* targets, List* plans, const CustomScanMethods* methods);

}  // namespace connector::fdw
