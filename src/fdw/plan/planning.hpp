// Paths and plans of foreign tables. All of these are PostgreSQL's callbacks, called through pg::enter(): see
// foreign/fdwapi.h.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "foreign/fdwapi.h"
}

namespace connector::fdw {

/// Describes the table, over a connection that is kept, and sorts its conditions: sent and exact, sent and narrowing,
/// local.
void estimate_size(PlannerInfo* root, RelOptInfo* relation, Oid table);

/// Adds a path that reads what the conditions leave, one in the query's order, and those for joins that give a value
/// for each outer row.
void add_paths(PlannerInfo* root, RelOptInfo* relation);

ForeignScan* make_plan(PlannerInfo* root, RelOptInfo* relation, const ForeignPath* path, List* targets, List* clauses,
                       Plan* outer);

}  // namespace connector::fdw
