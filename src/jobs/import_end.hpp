// What follows the end of an import in the background that failed, or ended without a word.
#pragma once

#include "pg/postgres.hpp"

#include "store/imports.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace connector::jobs {

/// Records a failure of an import that was queued or begun.
void fail_import(const store::QueuedImport& import, const store::Failure& failure, int keep);

/// Records the end of imports on which nobody works any more.
void end_lost_imports(int keep);

}  // namespace connector::jobs
