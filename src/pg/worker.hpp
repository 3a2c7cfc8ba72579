// What every background worker does: start others, wait, serve interrupts.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <string>

#include "pg/compat.h"

extern "C" {
#include "postmaster/bgworker.h"
}

namespace connector::pg {

/// Before 17 a worker can't connect as a role without LOGIN.
inline constexpr bool any_role_can_work = connector_bypass_login_check != 0;

/// Whether a worker can connect as the role.
bool worker_can_be(Oid role);

/// A worker to be started: a function of this library, with an argument of at most BGW_EXTRALEN bytes.
struct WorkerStart {
  const char* function;
  std::string name;  ///< as pg_stat_activity shows it, UTF-8 without characters beyond ASCII
  const char* type;
  Datum argument;
  std::string extra;
};

/// Registers a dynamic worker that is never restarted; this process's latch is set when it starts and ends. Null if
/// max_worker_processes are in use. The handle lives in TopMemoryContext: pfree() it.
BackgroundWorkerHandle* start_worker(const WorkerStart& start);

/// Says in the server's log that `what`, "a worker", can't be started because max_worker_processes are in use.
void log_no_workers(const char* what);

/// True if the worker has ended, or can't start any more.
bool worker_stopped(BackgroundWorkerHandle* handle);

/// Waits for the latch or the time, at most `longest`; serves interrupts (the process ends here if it is to) and
/// reloads the configuration if that was asked for.
void idle(std::chrono::milliseconds longest);

}  // namespace connector::pg
