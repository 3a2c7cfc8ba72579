// CALL cdb_run_due_syncs(): the clock is somebody else's (pg_cron), the rest is as in a background worker.
#include "pg/postgres.hpp"

#include <limits>

#include "api/import_job.hpp"
#include "api/settings.hpp"
#include "api/sync_run.hpp"
#include "load/storage_log.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "sync/imports.hpp"
#include "sync/settle.hpp"

extern "C" {
#include "executor/spi.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

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
    pg::guard([] { CHECK_FOR_INTERRUPTS(); });
    const connector::api::Attempt attempt = connector::api::attempt_import(import.id, commit);
    if (attempt.cancelled) throw pg::PgError(*attempt.cancelled);
    if (attempt.ran) ++count;
  }
  for (const std::string& id : due) {
    if (count >= most) return;
    pg::guard([] { CHECK_FOR_INTERRUPTS(); });
    const connector::api::Attempt attempt = connector::api::attempt_run(id, commit);
    if (attempt.cancelled) throw pg::PgError(*attempt.cancelled);
    if (attempt.ran) ++count;
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
