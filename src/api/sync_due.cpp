// CALL cdb_run_due_syncs(): the clock is somebody else's (pg_cron), the rest is as in a background worker.
#include "pg/postgres.hpp"

#include <limits>

#include "core/base/error.hpp"
#include "jobs/batch_job.hpp"
#include "jobs/import_job.hpp"
#include "settings/settings.hpp"
#include "jobs/sync_run.hpp"
#include "jobs/work.hpp"
#include "load/swap/storage_log.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "store/import_batches.hpp"
#include "store/imports.hpp"
#include "jobs/conclusion.hpp"
#include "store/due_row.hpp"
#include "jobs/import_end.hpp"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

namespace jobs = connector::jobs;
namespace settings = connector::settings;
namespace store = connector::store;
namespace pg = connector::pg;

namespace {

/// PostgreSQL itself starts the next transaction, after a failure as well.
void commit() {
  try {
    pg::guard([] { SPI_commit(); });
  } catch (const pg::PgError&) {
    pg::guard([] { EnsurePortalSnapshotExists(); });
    throw;
  }
  pg::guard([] { EnsurePortalSnapshotExists(); });
}

void require_top_level(FunctionCallInfo fcinfo) {
  const auto* context = reinterpret_cast<const CallContext*>(fcinfo->context);
  if (context != nullptr && IsA(context, CallContext) && !context->atomic && !IsSubTransaction()) return;
  pg::guard([] {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
                    errmsg("cdb_run_due_syncs() cannot run inside a transaction block or a function"),
                    errhint("Each sync runs in a transaction of its own: CALL it by itself.")));
  });
}

/// Runs one job, if nobody else does. What fails beside the run itself is told, and is no reason not to go on with the
/// others; a cancel is. True if it ran.
bool attempt(jobs::Attempt (*run)(const std::string&, jobs::Commit), const std::string& id) {
  pg::guard([] { CHECK_FOR_INTERRUPTS(); });
  try {
    const jobs::Attempt attempt = run(id, commit);
    if (attempt.cancelled) throw pg::PgError(*attempt.cancelled);
    return attempt.ran;
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    jobs::release_runs();
    commit();
    pg::warning("job " + id + " failed: " + jobs::failure_of(error).message);
    return true;
  }
}

void run_due(std::int64_t most) {
  const Oid role = GetUserId();
  connector::load::drop_lost_storage();
  jobs::forget_dropped_roles();
  jobs::end_lost_runs(role, settings::run_limits());
  jobs::end_lost_imports(settings::run_limits().keep_runs);
  const std::vector<std::string> due = store::due_syncs(role, store::now());
  const std::vector<store::DueRow> imports = store::oldest_queued_imports(role, std::numeric_limits<int>::max());
  commit();
  std::int64_t count = 0;
  // Those that found no worker.
  for (const store::DueRow& import : imports) {
    if (count >= most) break;
    if (attempt(jobs::attempt_import, import.id)) ++count;
  }
  for (const std::string& id : due) {
    if (count >= most) break;
    if (attempt(jobs::attempt_run, id)) ++count;
  }
  // Last, as the imports and first runs above may have been what they waited for. They are no runs: were they counted,
  // they would wait for ever where more is due each time than may be run.
  const std::vector<store::DueRow> batches = store::ready_batches(role);
  for (const store::DueRow& batch : batches) attempt(jobs::attempt_batch, batch.id);
}

}  // namespace

CONNECTOR_FUNCTION(connector_run_due_syncs) {
  require_top_level(fcinfo);
  const std::int64_t most = PG_ARGISNULL(0) ? std::numeric_limits<std::int64_t>::max() : PG_GETARG_INT32(0);
  if (most < 0) {
    throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters, "\"max_runs\" must not be negative",
                                 {}, "Give the largest number of runs that are wanted, or NULL for all that are due.");
  }
  pg::guard([] {
    PreventCommandIfReadOnly("cdb_run_due_syncs()");
    SPI_connect_ext(SPI_OPT_NONATOMIC);
  });
  try {
    run_due(most);
  } catch (...) {
    jobs::release_runs();
    throw;
  }
  pg::guard([] { SPI_finish(); });
  PG_RETURN_VOID();
}
