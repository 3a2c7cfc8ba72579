// What the server's log is told of runs: nobody sits at a run in the background. See connector.log_runs.
#pragma once

#include "pg/postgres.hpp"

#include "core/schedule/schedule.hpp"
#include "store/imports.hpp"
#include "store/runs.hpp"

namespace connector::jobs {

/// In the session's time zone, as PostgreSQL prints it.
std::string time_text(schedule::Time time);

/// A line for a run that failed (with what comes next), was cut by the limit of rows, or followed a change of the
/// source's columns; none for others. `next` is the schedule that the run's end has led to.
void log_run(const store::Sync& sync, const store::RunRecord& run, const schedule::Schedule& next);

/// A line for an import in the background that failed.
void log_failed_import(const store::QueuedImport& import, const store::Failure& failure);

}  // namespace connector::jobs
