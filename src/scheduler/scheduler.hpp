// The scheduler: one process for each database with syncs, which gives due jobs to workers.
#pragma once

#include "pg/postgres.hpp"

namespace connector::scheduler {

/// Works until nothing is left to do in this database (returns) or the process is told to end.
void run_scheduler();

}  // namespace connector::scheduler
