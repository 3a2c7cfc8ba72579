// CALL cdb_run_due_syncs(): the clock is somebody else's (pg_cron), the rest is as in a background worker.
#include "pg/postgres.hpp"

#include <limits>

#include "api/sync_run.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

using connector::api::SyncRun;
using connector::sync::LockLife;
using connector::sync::Sync;

namespace pg = connector::pg;
namespace store = connector::sync;

namespace {

void commit() {
  pg::guard([] {
    SPI_commit();
    EnsurePortalSnapshotExists();
  });
}

void require_top_level(FunctionCallInfo fcinfo) {
  const auto* context = reinterpret_cast<const CallContext*>(fcinfo->context);
  if (context != nullptr && IsA(context, CallContext) && !context->atomic) return;
  pg::guard([] {
    ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
                    errmsg("cdb_run_due_syncs() cannot run inside a transaction block or a function"),
                    errhint("Each sync runs in a transaction of its own: CALL it by itself.")));
  });
}

/// False if somebody else runs the sync, it is not due any more, or its owner runs as many as allowed.
bool run_one(const std::string& id) {
  if (!store::try_lock_run(id, LockLife::session)) return false;
  const std::optional<Sync> found = store::lock_sync(id);
  const store::Time now = store::now();
  const bool due = found && found->schedule.state != store::State::syncing && found->schedule.run_at <= now &&
                   (!found->paused || found->schedule.state == store::State::queued) && found->schedule.run_at;
  if (!due || !connector::api::take_run_place(*found, LockLife::session)) {
    commit();
    store::release_runs();
    return false;
  }
  // The start is on record before the work begins, so a crash leaves a trace; the end comes with the work.
  const std::string log_id = store::begin_run(*found, now);
  commit();
  const SyncRun run = connector::api::run_sync(*found);
  store::end_run(log_id, run.result, store::now());
  commit();
  connector::api::settle_run(id);
  commit();
  store::release_runs();
  if (run.cancelled) throw pg::PgError(*run.cancelled);
  return true;
}

void run_due(std::int64_t most) {
  const Oid role = GetUserId();
  connector::api::end_lost_runs(role);
  const std::vector<std::string> due = store::due_syncs(role, store::now());
  commit();
  std::int64_t count = 0;
  for (const std::string& id : due) {
    if (count >= most) return;
    pg::guard([] { CHECK_FOR_INTERRUPTS(); });
    if (run_one(id)) ++count;
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
