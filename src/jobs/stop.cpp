#include "jobs/stop.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>

#include "core/base/error.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/run_lock.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/identity.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/wait_event.h"
}

namespace connector::jobs {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_wait{10};
constexpr std::chrono::seconds pause_between_signals{1};
constexpr long look_ms = 20;

void pause() {
  pg::guard([] {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, look_ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
  });
}

std::optional<LiveRun> find_live_run(shmem::JobKind kind, const std::string& id) {
  // Otherwise the whole transaction sees what it saw first.
  pg::guard([] { pgstat_clear_backend_activity_snapshot(); });
  std::vector<LiveRun> runs = live_runs();
  const auto found =
      std::find_if(runs.begin(), runs.end(), [&](const LiveRun& run) { return run.kind == kind && run.id == id; });
  return found == runs.end() ? std::nullopt : std::optional(std::move(*found));
}

/// Once more what pg_cancel_backend() asks for: not every member of pg_signal_backend may end a superuser's session.
bool may_stop(const LiveRun& run) {
  return pg::guard([&] {
    if (has_privs_of_role(GetUserId(), run.owner)) return true;
    const PGPROC* process = BackendPidGetProc(run.pid);
    return process != nullptr && OidIsValid(process->roleId) && !superuser_arg(process->roleId) &&
           has_privs_of_role(GetUserId(), ROLE_PG_SIGNAL_BACKEND);
  });
}

/// What can be stopped, and why not if nothing can.
struct Found {
  std::optional<LiveRun> run;  ///< its stop lock is held
  Stop otherwise;
};

/// The run, as soon as it can be seen. In between, a worker begins it or records its end, and must not find the stop
/// lock held meanwhile: it may have the table locked.
Found find_stoppable(shmem::JobKind kind, const std::string& id, Clock::time_point end) {
  for (;; pause()) {
    const bool locked = try_lock_stop(id);
    if (locked) {
      if (std::optional<LiveRun> run = find_live_run(kind, id)) return {std::move(run), Stop::ended};
      unlock_stop(id);
      if (try_lock_run(id, LockLife::transaction)) return {{}, Stop::not_running};
    }
    if (Clock::now() >= end) return {{}, Stop::going_on};
  }
}

}  // namespace

bool may_stop_runs_of(Oid owner) {
  return pg::has_privileges_of(owner) || pg::has_privileges_of(ROLE_PG_SIGNAL_BACKEND);
}

bool is_live(shmem::JobKind kind, const std::string& id) {
  return find_live_run(kind, id).has_value();
}

Stop stop_run(shmem::JobKind kind, const std::string& id, const std::function<void()>& refuse) {
  // Code of a run's could so end the CALL of somebody else's that it runs in.
  if (RunProgress::goes_on_here(id)) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "a run can't be cancelled by what runs in it", {},
                      "Raise an error instead: the run fails with it.");
  }
  const Clock::time_point end = Clock::now() + longest_wait;
  Found found = find_stoppable(kind, id, end);
  if (!found.run) return found.otherwise;
  std::optional<LiveRun> run = std::move(found.run);
  if (!may_stop(*run)) {
    unlock_stop(id);
    refuse();
  }
  Clock::time_point signal_at = Clock::now();
  while (run && Clock::now() < end) {
    // Again and again, as code of the table's owner may have caught it.
    if (Clock::now() >= signal_at) {
      kill(run->pid, SIGINT);
      signal_at = Clock::now() + pause_between_signals;
    }
    pause();
    run = find_live_run(kind, id);
  }
  unlock_stop(id);
  if (run) return Stop::going_on;
  // Its end is put on record. Nobody holds the lock of an import that a session waits for.
  while (!try_lock_run(id, LockLife::transaction)) {
    if (Clock::now() >= end) return Stop::going_on;
    pause();
  }
  return Stop::ended;
}

bool end_stoppable(const std::string& id) {
  const bool alone = try_lock_stop(id);
  RunProgress::clear();
  if (alone) {
    unlock_stop(id);
    return false;
  }
  pg::guard([&] {
    connector_hold_cancel_interrupts();
    lock_stop(id);
    QueryCancelPending = false;
    connector_resume_cancel_interrupts();
  });
  unlock_stop(id);
  return true;
}

store::Failure cancelled_start() {
  return failure_of(core::Error(core::ErrorNumber::cancelled, "cancelled before the run began"));
}

}  // namespace connector::jobs
