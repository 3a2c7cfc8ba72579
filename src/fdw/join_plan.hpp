// The plan of a join that the remote makes.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
}

namespace connector::fdw {

/// See make_combined_plan().
ForeignScan* make_join_plan(PlannerInfo* root, RelOptInfo* join, const ForeignPath* path, List* targets, Plan* outer);

}  // namespace connector::fdw
