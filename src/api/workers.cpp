// The background processes' entry points.
#include "pg/postgres.hpp"

#include <cstring>
#include <string>
#include <vector>

#include "api/import_job.hpp"
#include "api/settings.hpp"
#include "api/sync_run.hpp"
#include "api/workers.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "sync/launcher.hpp"
#include "sync/scheduler.hpp"
#include "sync/shared.hpp"

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

void run_job(const shared::Job& job) {
  const bool sync = job.kind == shared::JobKind::sync;
  const std::string activity = (sync ? "connector: sync " : "connector: import ") + job.id;
  pg::guard([&] { pgstat_report_activity(STATE_RUNNING, activity.c_str()); });
  pg::begin_transaction();
  // What this session holds ends with it: nothing to release if an exception passes.
  const connector::api::Attempt attempt =
      sync ? connector::api::attempt_run(job.id, commit) : connector::api::attempt_import(job.id, commit);
  pg::commit_transaction();
  if (shared::available()) shared::worker::report(attempt.end);
}

/// What the worker of one import is told.
struct ImportStart {
  Oid database;
  Oid role;
  TransactionId transaction;
  char id[37];
};
static_assert(sizeof(ImportStart) <= BGW_EXTRALEN);

struct Queued {
  std::string id;
  Oid role;
};

/// Imports queued by this transaction.
std::vector<Queued>& queued() {
  static auto* const imports = new std::vector<Queued>;
  return *imports;
}

/// Still in the transaction: a worker that can't be started is no reason to fail, but to say so.
void start_queued() {
  for (const auto& [id, role] : queued()) {
    ImportStart start{MyDatabaseId, role, GetTopTransactionIdIfAny(), {}};
    std::strncpy(start.id, id.c_str(), sizeof start.id - 1);
    BackgroundWorkerHandle* handle =
        pg::start_worker({"connector_import_main", "connector import " + id, "connector worker", 0,
                          std::string(reinterpret_cast<const char*>(&start), sizeof start)});
    if (handle == nullptr) {
      pg::warning("no worker process is free for the import",
                  "It stays queued until CALL cdb_run_due_syncs(). You might need to increase max_worker_processes.");
    } else {
      pfree(handle);
    }
  }
  queued().clear();
}

void on_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_PRE_COMMIT && !queued().empty()) {
    pg::enter([] { start_queued(); });
  } else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PRE_PREPARE) {
    queued().clear();
  }
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

void connector::api::start_import_at_commit(const std::string& id) {
  static bool registered = false;
  if (!registered) {
    pg::guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
    registered = true;
  }
  queued().push_back({id, GetUserId()});
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

void connector_import_main(Datum) {
  pg::enter([] {
    take_signals();
    ImportStart start;
    std::memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof start);
    pg::guard(
        [&] { BackgroundWorkerInitializeConnectionByOid(start.database, start.role, connector_bypass_login_check); });
    // The transaction that queued it is about to commit.
    pg::begin_transaction();
    pg::guard([&] { XactLockTableWait(start.transaction, nullptr, nullptr, XLTW_None); });
    pg::commit_transaction();
    run_job({shared::JobKind::import, start.id, start.role, start.database});
  });
}
