// The background processes' entry points.
#include "pg/postgres.hpp"

#include <cstring>

#include "api/settings.hpp"
#include "api/sync_run.hpp"
#include "api/workers.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "sync/launcher.hpp"
#include "sync/scheduler.hpp"
#include "sync/shared.hpp"

extern "C" {
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
}

CONNECTOR_EXPORT_BEGIN
extern "C" {
PGDLLEXPORT void connector_launcher_main(Datum);
PGDLLEXPORT void connector_scheduler_main(Datum database);
PGDLLEXPORT void connector_worker_main(Datum place);
}
CONNECTOR_EXPORT_END

namespace shared = connector::sync::shared;
namespace pg = connector::pg;

namespace {

/// Signals are answered at the next wait, never inside the handler.
void take_signals() {
  pqsignal(SIGTERM, die);
  pqsignal(SIGINT, StatementCancelHandler);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
}

void commit() {
  pg::commit_transaction();
  pg::begin_transaction();
}

void run_job(const shared::Job& job) {
  const std::string activity = "connector: sync " + job.id;
  pg::guard([&] { pgstat_report_activity(STATE_RUNNING, activity.c_str()); });
  pg::begin_transaction();
  // What this session holds ends with it: nothing to release if an exception passes.
  const connector::api::Attempt attempt = connector::api::attempt_run(job.id, commit);
  pg::commit_transaction();
  shared::worker::report(attempt.end);
}

}  // namespace

void connector::api::register_launcher() {
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
    connector::sync::run_launcher();
  });
}

void connector_scheduler_main(Datum database) {
  pg::enter([database] {
    take_signals();
    pg::guard([=] { BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0); });
    connector::sync::run_scheduler(connector::api::sync_limits);
  });
}

void connector_worker_main(Datum argument) {
  pg::enter([argument] {
    take_signals();
    shared::Place place{DatumGetInt32(argument), 0};
    std::memcpy(&place.generation, MyBgworkerEntry->bgw_extra, sizeof place.generation);
    const std::optional<shared::Job> job = shared::worker::attach(place);
    if (!job) return;
    const Oid database = job->database;
    const Oid role = job->role;
    pg::guard([=] { BackgroundWorkerInitializeConnectionByOid(database, role, connector_bypass_login_check); });
    run_job(*job);
  });
}
