#include "sync/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "load/storage_log.hpp"
#include "pg/guard.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "sync/dispatch.hpp"
#include "sync/imports.hpp"
#include "sync/role_settings.hpp"
#include "sync/settle.hpp"
#include "sync/shared.hpp"
#include "sync/store.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "utils/lsyscache.h"
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

struct Running {
  shared::Job job;
  shared::Place place;
  BackgroundWorkerHandle* handle;
};

/// Between the installation of this library and ALTER EXTENSION … UPDATE, the tables are those of an older version.
bool extension_exists() {
  return pg::guard([] {
    return OidIsValid(get_extension_oid("connector", true)) &&
           OidIsValid(get_relname_relid("new_storage", get_namespace_oid("connector", true)));
  });
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
    if (!cleaned_) load::drop_lost_storage();
    cleaned_ = true;
    // What was running when the cluster, a worker or a session went down. Few rows, if any, and an index has them.
    if (!end_lost_runs(BOOTSTRAP_SUPERUSERID, limits_)) wake_after(busy_pause);
    end_lost_imports(limits_.keep_runs);
    if (running_.empty() && !any_sync() && !any_queued_import()) return false;
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
    const Failure no_start = failure_of(
        core::Error(core::ErrorNumber::worker_lost, "the worker did not start", {},
                    "The server's log says why: the owner may lack the privilege to connect to this database."));
    if (job.kind == shared::JobKind::import) {
      if (const std::optional<QueuedImport> import = lock_queued_import(job.id)) fail(*import, no_start);
      return;
    }
    std::optional<Sync> sync = lock_sync(job.id, RowLock::skip);
    if (!sync || !end_if_lost(*sync, limits_) || !is_due(*sync, now_)) return;
    record_failed_start(*sync, no_start, limits_);
  }

  void fail(const QueuedImport& import, const Failure& failure) {
    fail_import(import, failure, limits_.keep_runs);
    settle_import(import.id);
  }

  /// Without those that are given to a worker already, or can't be.
  void remove_unfit(std::vector<DueSync>& due, shared::JobKind kind) {
    std::erase_if(due, [&](const DueSync& job) {
      const bool taken = std::any_of(running_.begin(), running_.end(),
                                     [&](const Running& running) { return running.job.id == job.id; });
      return taken || busy_until_.contains(job.id) || !can_work(job, kind);
    });
  }

  /// Otherwise the job fails, for good: the worker could not even say why.
  bool can_work(const DueSync& due, shared::JobKind kind) {
    std::string reason;
    std::string hint;
    if (!due.owner_exists) {
      reason = "the owner of this sync was dropped";
      hint = "A superuser may end it with cdb_sync_delete().";
    } else if (!pg::any_role_can_work && !due.owner_can_login) {
      reason = "the owner of this sync cannot log in";
      hint = "Before PostgreSQL 17 a background worker needs a role with LOGIN. CALL cdb_run_due_syncs() does not.";
    } else {
      return true;
    }
    const Failure failure = failure_of(core::Error(core::ErrorNumber::connectors_disabled, reason, {}, hint));
    if (kind == shared::JobKind::import) {
      if (const std::optional<QueuedImport> import = lock_queued_import(due.id)) fail(*import, failure);
    } else if (const std::optional<Sync> sync = lock_sync(due.id, RowLock::skip)) {
      record_failed_start(*sync, failure, limits_);
    } else {
      wake_after(busy_pause);
    }
    return false;
  }

  static std::uint64_t group(shared::JobKind kind, Oid role) { return static_cast<std::uint64_t>(kind) << 32 | role; }

  void start_due() {
    const int most = limits_.max_workers + static_cast<int>(running_.size());
    std::vector<shared::Job> jobs;
    std::vector<DueJob> due;
    const auto add = [&](std::vector<DueSync> found, shared::JobKind kind) {
      remove_unfit(found, kind);
      for (const DueSync& job : found) {
        const int limit =
            kind == shared::JobKind::sync
                ? place_limit(job.owner, job.provider, limits_)
                : role_setting(job.owner, "connector.max_imports_per_role").value_or(limits_.max_imports_per_role);
        jobs.push_back({kind, job.id, job.owner, MyDatabaseId});
        due.push_back({job.id, group(kind, job.owner), job.due, limit});
      }
    };
    add(oldest_queued_imports(BOOTSTRAP_SUPERUSERID, most), shared::JobKind::import);
    add(oldest_due_syncs(now_, most), shared::JobKind::sync);
    std::map<std::uint64_t, int> by_group;
    for (const Running& running : running_) ++by_group[group(running.job.kind, running.job.role)];
    for (const std::size_t index : choose_jobs(due, by_group, limits_.max_workers - shared::in_use())) {
      if (!start(jobs[index])) return;
    }
  }

  bool start(const shared::Job& job) {
    // Other databases take places too; the end of any worker wakes this process.
    const std::optional<shared::Place> place = shared::reserve(job, limits_.max_workers);
    if (!place) return false;
    BackgroundWorkerHandle* handle =
        pg::start_worker({"connector_worker_main",
                          (job.kind == shared::JobKind::sync ? "connector sync " : "connector import ") + job.id,
                          "connector worker", Int32GetDatum(place->index),
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
  bool cleaned_ = false;  ///< of what a crash left: only before the start can there have been one
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
