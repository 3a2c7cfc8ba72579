#include "sync/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "sync/dispatch.hpp"
#include "sync/settle.hpp"
#include "sync/shared.hpp"
#include "sync/store.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "commands/extension.h"
}

namespace connector::sync {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// See launcher.cpp: changes that nobody told of, and steps of the system's clock.
constexpr seconds longest_sleep{3600};
// After something that others hold (a lock, a role's last place, the last worker process): they don't tell when they
// are through.
constexpr seconds busy_pause{10};

#if PG_VERSION_NUM >= 170000
constexpr bool any_role_can_work = true;
#else
constexpr bool any_role_can_work = false;  // a worker can't connect as a role without LOGIN
#endif

struct Running {
  shared::Job job;
  shared::Place place;
  BackgroundWorkerHandle* handle;
};

bool extension_exists() {
  return pg::guard([] { return get_extension_oid("connector", true) != InvalidOid; });
}

class Scheduler {
 public:
  explicit Scheduler(Limits (*limits)()) : read_limits_(limits) {}

  /// One look at everything, in a transaction. False if there is nothing to do in this database.
  bool step() {
    limits_ = read_limits_();
    now_ = now();
    wake_ = now_ + longest_sleep;
    pg::begin_transaction();
    const bool work = extension_exists() && look();
    pg::commit_transaction();
    return work;
  }

  milliseconds pause() const {
    const microseconds left = wake_ - now();
    return std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds(0), milliseconds(longest_sleep));
  }

 private:
  bool look() {
    reap();
    // What was running when the cluster, a worker or a session went down. Few rows, if any, and an index has them.
    if (!end_lost_runs(BOOTSTRAP_SUPERUSERID, limits_)) wake_after(busy_pause);
    if (running_.empty() && !any_sync()) return false;
    shared::scheduler::stay();
    start_due();
    if (const std::optional<Time> next = next_due(now_)) wake_ = std::min(wake_, *next);
    return true;
  }

  void wake_after(seconds pause) { wake_ = std::min<Time>(wake_, now_ + pause); }

  /// Takes note of the workers that have ended.
  void reap() {
    for (auto at = running_.begin(); at != running_.end();) {
      // A worker that was never started has no way to say so itself.
      if (!shared::ended(at->place) && !pg::worker_stopped(at->handle)) {
        ++at;
        continue;
      }
      const shared::JobEnd end = shared::release(at->place);
      pfree(at->handle);
      if (end == shared::JobEnd::busy) busy_until_[at->job.id] = now_ + busy_pause;
      if (end == shared::JobEnd::lost) settle_lost(at->job);
      at = running_.erase(at);
    }
    std::erase_if(busy_until_, [&](const auto& entry) { return entry.second <= now_; });
    for (const auto& [id, until] : busy_until_) wake_ = std::min(wake_, until);
  }

  /// A worker ended without a word: in the middle of its run, or before it began one.
  void settle_lost(const shared::Job& job) {
    std::optional<Sync> sync = lock_sync(job.id, RowLock::skip);
    if (!sync || !end_if_lost(*sync, limits_) || !is_due(*sync, now_)) return;
    record_failed_start(*sync,
                        failure_of(core::Error(core::ErrorNumber::worker_lost, "the worker did not start", {},
                                               "The server's log says why: the owner of the table may lack the "
                                               "privilege to connect to this database.")),
                        limits_);
  }

  std::vector<DueSync> due_now() {
    std::vector<DueSync> due = oldest_due_syncs(now_, limits_.max_workers + static_cast<int>(running_.size()));
    std::erase_if(due, [&](const DueSync& sync) {
      const bool taken = std::any_of(running_.begin(), running_.end(),
                                     [&](const Running& running) { return running.job.id == sync.id; });
      return taken || busy_until_.contains(sync.id) || !can_work(sync);
    });
    return due;
  }

  /// Otherwise the sync fails, for good: the worker could not even say why.
  bool can_work(const DueSync& due) {
    std::string reason;
    std::string hint;
    if (!due.owner_exists) {
      reason = "the owner of this sync was dropped";
      hint = "A superuser may end it with cdb_sync_delete().";
    } else if (!any_role_can_work && !due.owner_can_login) {
      reason = "the owner of this sync cannot log in";
      hint = "Before PostgreSQL 17 a background worker needs a role with LOGIN. CALL cdb_run_due_syncs() does not.";
    } else {
      return true;
    }
    if (const std::optional<Sync> sync = lock_sync(due.id, RowLock::skip)) {
      record_failed_start(*sync, failure_of(core::Error(core::ErrorNumber::connectors_disabled, reason, {}, hint)),
                          limits_);
    } else {
      wake_after(busy_pause);
    }
    return false;
  }

  void start_due() {
    const std::vector<DueSync> due = due_now();
    std::vector<DueJob> jobs;
    std::map<std::pair<Oid, std::string>, int> role_limits;
    for (const DueSync& sync : due) {
      const auto [limit, added] = role_limits.try_emplace({sync.owner, sync.provider}, 0);
      if (added) limit->second = place_limit(sync.owner, sync.provider, limits_);
      jobs.push_back({sync.id, sync.owner, sync.due, limit->second});
    }
    std::map<std::uint32_t, int> by_role;
    for (const Running& running : running_) ++by_role[running.job.role];
    const int free = limits_.max_workers - shared::in_use();
    for (const std::size_t index : choose_jobs(jobs, by_role, free)) {
      if (!start({shared::JobKind::sync, due[index].id, due[index].owner, MyDatabaseId})) return;
    }
  }

  bool start(const shared::Job& job) {
    // Other databases take places too; the end of any worker wakes this process.
    const std::optional<shared::Place> place = shared::reserve(job, limits_.max_workers);
    if (!place) return false;
    BackgroundWorkerHandle* handle = pg::start_worker(
        {"connector_worker_main", "connector sync " + job.id, "connector worker", Int32GetDatum(place->index),
         std::string(reinterpret_cast<const char*>(&place->generation), sizeof place->generation)});
    if (handle == nullptr) {
      shared::release(*place);
      wake_after(busy_pause);
      tell_no_workers();
      return false;
    }
    running_.push_back({job, *place, handle});
    return true;
  }

  void tell_no_workers() {
    if (told_no_workers_) return;
    told_no_workers_ = true;
    pg::guard([] {
      ereport(LOG, (errmsg("connector cannot start a worker: all worker processes are in use"),
                    errhint("You might need to increase max_worker_processes.")));
    });
  }

  Limits (*read_limits_)();
  Limits limits_{};
  Time now_{};
  Time wake_{};
  std::vector<Running> running_;
  std::map<std::string, Time> busy_until_;
  bool told_no_workers_ = false;
};

}  // namespace

void run_scheduler(Limits (*limits)()) {
  if (!shared::scheduler::attach(MyDatabaseId)) return;
  shared::free_abandoned(MyDatabaseId);
  Scheduler scheduler(limits);
  for (;;) {
    if (!scheduler.step()) {
      // Whoever commits from here on wakes the launcher; what came just before is seen by the second look.
      shared::scheduler::leave();
      if (!scheduler.step() || !shared::scheduler::attach(MyDatabaseId)) return;
    }
    pg::idle(scheduler.pause());
  }
}

}  // namespace connector::sync
