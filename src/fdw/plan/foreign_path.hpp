// What paths of foreign tables carry for the time between planning and the making of the plan.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
}

namespace connector::fdw {

/// The conditions by which a scan is narrowed whose rows a key lookup wants (ScalarArrayOpExprs). In a guard.
void set_key_conditions(ForeignPath* path, List* conditions);
const List* key_conditions_of(const ForeignPath* path) noexcept;

/// Remembers the plan that was made of a path, and which values of the executor's are those of the query's InitPlans,
/// which are computed once. Throws PgError.
void note_plan(PlannerInfo* root, ForeignPath* path, ForeignScan* plan);

/// Whether the plan of a path has a value that the executor may compute again and again, as those of an outer query's
/// row. Asked when the plan is complete.
bool has_changing_values(const ForeignPath* path);

}  // namespace connector::fdw
