// The scheduler: one process for each database with syncs, which gives due jobs to workers.
#pragma once

#include "pg/postgres.hpp"

#include "sync/limits.hpp"

namespace connector::sync {

/// Works until nothing is left to do in this database (returns) or the process is told to end. `limits` reads the
/// present settings.
void run_scheduler(Limits (*limits)());

}  // namespace connector::sync
