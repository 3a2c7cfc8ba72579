#include "scheduler/scheduler.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "load/swap/storage_log.hpp"
#include "pg/guard.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "core/schedule/dispatch.hpp"
#include "store/import_batches.hpp"
#include "store/imports.hpp"
#include "store/role_settings.hpp"
#include "jobs/conclusion.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"
#include "store/due_row.hpp"
#include "jobs/batch_job.hpp"
#include "jobs/import_end.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/namespace.h"
#include "commands/extension.h"
#include "utils/lsyscache.h"
}

namespace connector::scheduler {

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
  shmem::Job job;
  shmem::Place place;
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
  /// One look at everything, in a transaction. False if there is nothing to do in this database.
  bool step() {
    limits_ = settings::run_limits();
    now_ = store::now();
    wake_ = now_ + longest_sleep;
    pg::begin_transaction();
    const bool work = extension_exists() && look();
    pg::commit_transaction();
    return work;
  }

  milliseconds pause() const {
    const microseconds left = wake_ - store::now();
    return std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds(0), milliseconds(longest_sleep));
  }

 private:
  bool look() {
    reap();
    if (!cleaned_) {
      load::drop_lost_storage();
      jobs::forget_dropped_roles();
    }
    cleaned_ = true;
    // What was running when the cluster, a worker or a session went down. Few rows, if any, and an index has them.
    if (!jobs::end_lost_runs(BOOTSTRAP_SUPERUSERID, limits_)) wake_after(busy_pause);
    jobs::end_lost_imports(limits_.keep_runs);
    if (running_.empty() && !store::any_sync() && !store::any_queued_import() && !store::any_open_batch()) return false;
    shmem::scheduler::stay();
    start_due();
    if (const std::optional<schedule::Time> next = store::next_due(now_)) wake_ = std::min(wake_, *next);
    return true;
  }

  void wake_after(seconds pause) { wake_ = std::min<schedule::Time>(wake_, now_ + pause); }

  /// Takes note of the workers that have ended.
  void reap() {
    for (auto at = running_.begin(); at != running_.end();) {
      // A worker that was never started has no way to say so itself.
      if (!shmem::ended(at->place) && !pg::worker_stopped(at->handle)) {
        ++at;
        continue;
      }
      const shmem::JobEnd end = shmem::release(at->place);
      pfree(at->handle);
      if (end == shmem::JobEnd::busy) busy_until_[at->job.id] = now_ + busy_pause;
      if (end == shmem::JobEnd::lost) conclude_lost(at->job);
      at = running_.erase(at);
    }
    std::erase_if(busy_until_, [&](const auto& entry) { return entry.second <= now_; });
    for (const auto& [id, until] : busy_until_) wake_ = std::min(wake_, until);
  }

  /// A worker ended without a word: in the middle of its run, or before it began one.
  void conclude_lost(const shmem::Job& job) {
    const store::Failure no_start = jobs::failure_of(
        core::Error(core::ErrorNumber::worker_lost, "the worker did not start", {},
                    "The server's log says why: the owner may lack the privilege to connect to this database."));
    if (job.kind == shmem::JobKind::batch) {
      // Which of both it was, nothing tells; a restart of the server is neither, and goes on with it.
      return jobs::end_lost_batch(job.id, jobs::failure_of(core::Error(core::ErrorNumber::worker_lost,
                                                                       "the worker did not start, or was terminated")));
    }
    if (job.kind == shmem::JobKind::import) {
      if (const std::optional<store::QueuedImport> import = store::lock_queued_import(job.id)) fail(*import, no_start);
      return;
    }
    std::optional<store::Sync> sync = store::lock_sync(job.id, store::RowLock::skip);
    if (!sync || !jobs::end_if_lost(*sync, limits_) || !store::is_due(*sync, now_)) return;
    jobs::record_failed_start(*sync, no_start, limits_);
  }

  void fail(const store::QueuedImport& import, const store::Failure& failure) {
    jobs::fail_import(import, failure, limits_.keep_runs);
    store::conclude_import(import.id);
  }

  /// Without those that are given to a worker already, or can't be.
  void remove_unfit(std::vector<store::DueRow>& due, shmem::JobKind kind) {
    std::erase_if(due, [&](const store::DueRow& job) {
      const bool taken = std::any_of(running_.begin(), running_.end(),
                                     [&](const Running& running) { return running.job.id == job.id; });
      return taken || busy_until_.contains(job.id) || !can_work(job, kind);
    });
  }

  /// Otherwise the job fails, for good: the worker could not even say why.
  bool can_work(const store::DueRow& due, shmem::JobKind kind) {
    std::string reason;
    std::string hint;
    if (!due.owner_exists && kind == shmem::JobKind::sync) {
      jobs::forget_dropped_roles();
      return false;
    }
    if (kind == shmem::JobKind::batch) {
      if (due.owner_exists && (pg::any_role_can_work || due.owner_can_login)) return true;
      jobs::end_lost_batch(
          due.id, jobs::failure_of(core::Error(core::ErrorNumber::connectors_disabled,
                                               due.owner_exists ? "its role cannot log in" : "its role was dropped")));
      return false;
    }
    if (!due.owner_exists) {
      reason = "the role of this import was dropped";
    } else if (!pg::any_role_can_work && !due.owner_can_login) {
      reason = kind == shmem::JobKind::sync ? "the owner of this sync cannot log in"
                                            : "the role of this import cannot log in";
      hint = "Before PostgreSQL 17 a background worker needs a role with LOGIN. CALL cdb_run_due_syncs() does not.";
    } else {
      return true;
    }
    const store::Failure failure =
        jobs::failure_of(core::Error(core::ErrorNumber::connectors_disabled, reason, {}, hint));
    if (kind == shmem::JobKind::import) {
      if (const std::optional<store::QueuedImport> import = store::lock_queued_import(due.id)) fail(*import, failure);
    } else if (const std::optional<store::Sync> sync = store::lock_sync(due.id, store::RowLock::skip)) {
      jobs::record_failed_start(*sync, failure, limits_);
    } else {
      wake_after(busy_pause);
    }
    return false;
  }

  static std::uint64_t group(shmem::JobKind kind, Oid role) { return static_cast<std::uint64_t>(kind) << 32 | role; }

  /// How many jobs of the kind may run at the same time for its role.
  int limit_of(const store::DueRow& job, shmem::JobKind kind) const {
    switch (kind) {
      case shmem::JobKind::sync:
        return jobs::place_limit(job.owner, job.provider, limits_);
      case shmem::JobKind::import:
        return store::role_setting(job.owner, "connector.max_imports_per_role").value_or(limits_.max_imports_per_role);
      case shmem::JobKind::batch:
        return 1;
    }
    return 1;
  }

  void start_due() {
    const int most = limits_.max_workers + static_cast<int>(running_.size());
    std::vector<shmem::Job> jobs;
    std::vector<schedule::DueJob> due;
    const auto add = [&](std::vector<store::DueRow> found, shmem::JobKind kind) {
      remove_unfit(found, kind);
      for (const store::DueRow& job : found) {
        jobs.push_back({kind, job.id, job.owner, MyDatabaseId});
        due.push_back({job.id, group(kind, job.owner), job.due, limit_of(job, kind)});
      }
    };
    add(store::oldest_queued_imports(BOOTSTRAP_SUPERUSERID, most), shmem::JobKind::import);
    add(store::oldest_due_syncs(now_, most), shmem::JobKind::sync);
    add(store::ready_batches(BOOTSTRAP_SUPERUSERID), shmem::JobKind::batch);
    std::map<std::uint64_t, int> by_group;
    for (const Running& running : running_) ++by_group[group(running.job.kind, running.job.role)];
    for (const std::size_t index : schedule::choose_jobs(due, by_group, limits_.max_workers - shmem::in_use())) {
      if (!start(jobs[index])) return;
    }
  }

  bool start(const shmem::Job& job) {
    // Other databases take places too; the end of any worker wakes this process.
    const std::optional<shmem::Place> place = shmem::reserve(job, limits_.max_workers);
    if (!place) return false;
    BackgroundWorkerHandle* handle = pg::start_worker(
        {"connector_worker_main", "connector " + std::string(shmem::job_kind_words.of(job.kind)) + " " + job.id,
         "connector worker", Int32GetDatum(place->index),
         std::string(reinterpret_cast<const char*>(&place->generation), sizeof place->generation)});
    shmem::set_short_of_workers(handle == nullptr);
    if (handle == nullptr) {
      shmem::release(*place);
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
    pg::log_no_workers("a worker");
  }

  settings::RunLimits limits_{};
  schedule::Time now_{};
  schedule::Time wake_{};
  std::vector<Running> running_;
  std::map<std::string, schedule::Time> busy_until_;
  bool cleaned_ = false;  ///< of what a crash left: only before the start can there have been one
  bool told_no_workers_ = false;
};

}  // namespace

void run_scheduler() {
  if (!shmem::scheduler::attach(MyDatabaseId)) return;
  shmem::free_abandoned(MyDatabaseId);
  Scheduler scheduler;
  for (;;) {
    if (!scheduler.step()) {
      // Whoever commits from here on wakes the launcher; what came just before is seen by the second look.
      shmem::scheduler::leave();
      if (!scheduler.step() || !shmem::scheduler::attach(MyDatabaseId)) return;
    }
    pg::idle(scheduler.pause());
  }
}

}  // namespace connector::scheduler
