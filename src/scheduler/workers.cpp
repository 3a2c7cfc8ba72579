// The background processes' entry points.
#include "pg/postgres.hpp"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "jobs/import_job.hpp"
#include "settings/settings.hpp"
#include "jobs/sync_run.hpp"
#include "scheduler/workers.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "scheduler/launcher.hpp"
#include "scheduler/scheduler.hpp"
#include "shmem/shared.hpp"
#include "jobs/import_start.hpp"

extern "C" {
#include "access/xact.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
}

CONNECTOR_EXPORT_BEGIN
extern "C" {
PGDLLEXPORT void connector_launcher_main(Datum);
PGDLLEXPORT void connector_scheduler_main(Datum database);
PGDLLEXPORT void connector_worker_main(Datum place);
PGDLLEXPORT void connector_import_main(Datum);
}
CONNECTOR_EXPORT_END

namespace shmem = connector::shmem;
namespace jobs = connector::jobs;
namespace pg = connector::pg;

namespace {

/// Signals are answered at the next wait, never inside the handler.
void take_signals() {
  pqsignal(SIGTERM, die);
  pqsignal(SIGINT, StatementCancelHandler);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
}

/// The next transaction starts after a failure as well.
void commit() {
  try {
    pg::commit_transaction();
  } catch (const pg::PgError&) {
    pg::abort_transaction();
    pg::begin_transaction();
    throw;
  }
  pg::begin_transaction();
}

/// What this process works on, for the CONTEXT of its errors. Per process: PostgreSQL asks at any time until its end.
char work[64];

void tell_work(void*) {
  errcontext("%s", work);
}

void run_job(const shmem::Job& job) {
  const bool sync = job.kind == shmem::JobKind::sync;
  std::snprintf(work, sizeof work, "connector %s %s", sync ? "sync" : "import", job.id.c_str());
  static ErrorContextCallback context;
  context.callback = tell_work;
  context.previous = error_context_stack;
  error_context_stack = &context;
  const std::string activity = (sync ? "connector: sync " : "connector: import ") + job.id;
  pg::guard([&] { pgstat_report_activity(STATE_RUNNING, activity.c_str()); });
  pg::begin_transaction();
  // What this session holds ends with it: nothing to release if an exception passes.
  const jobs::Attempt attempt = sync ? jobs::attempt_run(job.id, commit) : jobs::attempt_import(job.id, commit);
  pg::commit_transaction();
  error_context_stack = context.previous;
  if (shmem::available()) shmem::worker::report(attempt.end);
}

}  // namespace

void connector::scheduler::register_launcher() {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  // Not on a standby, and there as soon as it is promoted.
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = 5;
  std::strcpy(worker.bgw_library_name, "connector");
  std::strcpy(worker.bgw_function_name, "connector_launcher_main");
  std::strcpy(worker.bgw_name, "connector launcher");
  std::strcpy(worker.bgw_type, "connector launcher");
  RegisterBackgroundWorker(&worker);
}

void connector_launcher_main(Datum) {
  pg::enter([] {
    take_signals();
    pg::guard([] { BackgroundWorkerInitializeConnection(nullptr, nullptr, 0); });
    connector::scheduler::run_launcher();
  });
}

void connector_scheduler_main(Datum database) {
  pg::enter([database] {
    take_signals();
    pg::guard([=] { BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0); });
    connector::scheduler::run_scheduler();
  });
}

void connector_worker_main(Datum argument) {
  pg::enter([argument] {
    take_signals();
    shmem::Place place{DatumGetInt32(argument), 0};
    std::memcpy(&place.generation, MyBgworkerEntry->bgw_extra, sizeof place.generation);
    const std::optional<shmem::Job> job = shmem::worker::attach(place);
    if (!job) return;
    const Oid database = job->database;
    const Oid role = job->role;
    pg::guard([=] { BackgroundWorkerInitializeConnectionByOid(database, role, connector_bypass_login_check); });
    run_job(*job);
  });
}

void connector_import_main(Datum) {
  pg::enter([] {
    take_signals();
    jobs::ImportStart start;
    std::memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof start);
    pg::guard(
        [&] { BackgroundWorkerInitializeConnectionByOid(start.database, start.role, connector_bypass_login_check); });
    // The transaction that queued it is about to commit.
    pg::begin_transaction();
    pg::guard([&] { XactLockTableWait(start.transaction, nullptr, nullptr, XLTW_None); });
    pg::commit_transaction();
    run_job({shmem::JobKind::import, start.id, start.role, start.database});
  });
}
