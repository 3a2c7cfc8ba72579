#include "pg/worker.hpp"

#include <algorithm>
#include <cstring>

#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/backend_status.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"
}

namespace connector::pg {

bool worker_can_be(Oid role) {
  return any_role_can_work || guard([=] {
           bool result = false;
           with_cached_row(AUTHOID, ObjectIdGetDatum(role), [&result](HeapTuple row) {
             result = reinterpret_cast<Form_pg_authid>(GETSTRUCT(row))->rolcanlogin;
           });
           return result;
         });
}

BackgroundWorkerHandle* start_worker(const WorkerStart& start) {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_notify_pid = MyProcPid;
  worker.bgw_main_arg = start.argument;
  std::strncpy(worker.bgw_library_name, "connector", sizeof worker.bgw_library_name - 1);
  std::strncpy(worker.bgw_function_name, start.function, sizeof worker.bgw_function_name - 1);
  std::strncpy(worker.bgw_name, start.name.c_str(), sizeof worker.bgw_name - 1);
  std::strncpy(worker.bgw_type, start.type, sizeof worker.bgw_type - 1);
  std::memcpy(worker.bgw_extra, start.extra.data(), std::min(start.extra.size(), sizeof worker.bgw_extra));
  return guard([&]() -> BackgroundWorkerHandle* {
    // The handle outlives the transaction.
    const MemoryContext outer = MemoryContextSwitchTo(TopMemoryContext);
    BackgroundWorkerHandle* handle = nullptr;
    const bool registered = RegisterDynamicBackgroundWorker(&worker, &handle);
    MemoryContextSwitchTo(outer);
    return registered ? handle : nullptr;
  });
}

void log_no_workers(const char* what) {
  guard([=] {
    ereport(LOG, (errmsg("connector cannot start %s: all worker processes are in use", what),
                  errhint("You might need to increase max_worker_processes.")));
  });
}

bool worker_stopped(BackgroundWorkerHandle* handle) {
  return guard([=] {
    pid_t pid;
    const BgwHandleStatus status = GetBackgroundWorkerPid(handle, &pid);
    return status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED;
  });
}

void idle(std::chrono::milliseconds longest) {
  guard([=] {
    static uint32 event = 0;
    if (event == 0) event = connector_wait_event("ConnectorIdle");
    pgstat_report_activity(STATE_IDLE, nullptr);
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, static_cast<long>(longest.count()), event);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
  });
}

}  // namespace connector::pg
