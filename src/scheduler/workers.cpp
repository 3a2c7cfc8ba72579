// The background processes' entry points.
#include "pg/postgres.hpp"

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "jobs/batch_job.hpp"
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
#include "store/due_row.hpp"
#include "store/import_batches.hpp"
#include "store/imports.hpp"

extern "C" {
#include "access/xact.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
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

/// Signals are answered at the next wait, never inside the handler. Transactions are READ COMMITTED, whatever role and
/// database have as default: what is recorded of jobs is kept apart by locks, and a serialization failure in between,
/// which nobody is there to repeat, would lose a job's end.
void begin_process() {
  pqsignal(SIGTERM, die);
  pqsignal(SIGINT, StatementCancelHandler);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
  pg::guard([] { SetConfigOption("default_transaction_isolation", "read committed", PGC_SUSET, PGC_S_OVERRIDE); });
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

using AttemptFunction = jobs::Attempt (*)(const std::string&, jobs::Commit);

AttemptFunction attempt_of(shmem::JobKind kind) {
  switch (kind) {
    case shmem::JobKind::sync:
      return jobs::attempt_run;
    case shmem::JobKind::import:
      return jobs::attempt_import;
    case shmem::JobKind::batch:
      return jobs::attempt_batch;
  }
  return jobs::attempt_import;
}

/// Whether it ran: it may have been somebody else's by now.
bool run_job(const shmem::Job& job) {
  const std::string kind(shmem::job_kind_words.of(job.kind));
  std::snprintf(work, sizeof work, "connector %s %s", kind.c_str(), job.id.c_str());
  static ErrorContextCallback context;
  context.callback = tell_work;
  context.previous = error_context_stack;
  error_context_stack = &context;
  const std::string activity = "connector: " + kind + " " + job.id;
  pg::guard([&] { pgstat_report_activity(STATE_RUNNING, activity.c_str()); });
  pg::begin_transaction();
  // What this session holds ends with it: nothing to release if an exception passes.
  const jobs::Attempt attempt = attempt_of(job.kind)(job.id, commit);
  pg::commit_transaction();
  error_context_stack = context.previous;
  if (shmem::available()) shmem::worker::report(attempt.end);
  return attempt.ran;
}

/// The jobs of this process's role that wait for a worker, where no scheduler starts one: the oldest imports, and if
/// there are none, batches whose imports have all ended.
std::vector<shmem::Job> waiting_jobs() {
  constexpr int most = 100;
  std::vector<shmem::Job> jobs;
  pg::begin_transaction();
  const Oid role = GetUserId();
  const auto add = [&](const std::vector<connector::store::DueRow>& due, shmem::JobKind kind) {
    for (const auto& row : due) {
      if (row.owner == role) jobs.push_back({kind, row.id, role, MyDatabaseId});
    }
  };
  add(connector::store::oldest_queued_imports(role, most), shmem::JobKind::import);
  if (jobs.empty()) add(connector::store::ready_batches(role), shmem::JobKind::batch);
  pg::commit_transaction();
  return jobs;
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
    begin_process();
    pg::guard([] { BackgroundWorkerInitializeConnection(nullptr, nullptr, 0); });
    connector::scheduler::run_launcher();
  });
}

void connector_scheduler_main(Datum database) {
  pg::enter([database] {
    begin_process();
    pg::guard([=] { BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0); });
    connector::scheduler::run_scheduler();
  });
}

void connector_worker_main(Datum argument) {
  pg::enter([argument] {
    begin_process();
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
    begin_process();
    jobs::ImportStart start;
    std::memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof start);
    pg::guard(
        [&] { BackgroundWorkerInitializeConnectionByOid(start.database, start.role, connector_bypass_login_check); });
    // The transaction that queued it is about to commit.
    pg::begin_transaction();
    pg::guard([&] { XactLockTableWait(start.transaction, nullptr, nullptr, XLTW_None); });
    pg::commit_transaction();
    run_job({shmem::JobKind::import, start.id, start.role, start.database});
    // One that the role had no place for, or no worker, has nobody else to run it.
    for (bool ran = true; ran;) {
      ran = false;
      for (const shmem::Job& job : waiting_jobs()) ran = run_job(job) || ran;
    }
  });
}
