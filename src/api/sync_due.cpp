// CALL cdb_run_due_syncs(): the clock is somebody else's (pg_cron), the rest is as in a background worker.
#include "pg/postgres.hpp"

#include <limits>

#include "api/import_job.hpp"
#include "api/settings.hpp"
#include "api/sync_run.hpp"
#include "api/work.hpp"
#include "load/storage_log.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "sync/imports.hpp"
#include "sync/settle.hpp"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

namespace pg = connector::pg;
namespace store = connector::sync;

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
bool attempt(connector::api::Attempt (*run)(const std::string&, connector::api::Commit), const std::string& id) {
  pg::guard([] { CHECK_FOR_INTERRUPTS(); });
  try {
    const connector::api::Attempt attempt = run(id, commit);
    if (attempt.cancelled) throw pg::PgError(*attempt.cancelled);
    return attempt.ran;
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    store::release_runs();
    commit();
    pg::warning("job " + id + " failed: " + connector::api::failure_of(error).message);
    return true;
  }
}

void run_due(std::int64_t most) {
  const Oid role = GetUserId();
  connector::load::drop_lost_storage();
  store::end_lost_runs(role, connector::api::sync_limits());
  store::end_lost_imports(connector::api::sync_limits().keep_runs);
  const std::vector<std::string> due = store::due_syncs(role, store::now());
  const std::vector<store::DueSync> imports = store::oldest_queued_imports(role, std::numeric_limits<int>::max());
  commit();
  std::int64_t count = 0;
  // Those that found no worker.
  for (const store::DueSync& import : imports) {
    if (count >= most) return;
    if (attempt(connector::api::attempt_import, import.id)) ++count;
  }
  for (const std::string& id : due) {
    if (count >= most) return;
    if (attempt(connector::api::attempt_run, id)) ++count;
  }
}

}  // namespace

CONNECTOR_FUNCTION(connector_run_due_syncs) {
  require_top_level(fcinfo);
  pg::guard([] {
    PreventCommandIfReadOnly("cdb_run_due_syncs()");
    SPI_connect_ext(SPI_OPT_NONATOMIC);
  });
  const std::int64_t most = PG_ARGISNULL(0) ? std::numeric_limits<std::int64_t>::max() : PG_GETARG_INT32(0);
  try {
    run_due(most);
  } catch (...) {
    store::release_runs();
    throw;
  }
  pg::guard([] { SPI_finish(); });
  PG_RETURN_VOID();
}
