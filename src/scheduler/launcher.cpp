#include "scheduler/launcher.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/transaction.hpp"
#include "pg/worker.hpp"
#include "shmem/shared.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_database.h"
}

namespace connector::scheduler {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A change of which nobody told (a database made from a template, a transaction committed after PREPARE) is seen after
// this at the latest.
constexpr seconds longest_sleep{3600};
constexpr seconds first_retry{5};
constexpr seconds last_retry{300};
// Schedulers that have not yet decided whether to stay: most databases don't have the extension, and looking takes a
// worker each time.
constexpr int most_undecided = 2;

struct Child {
  BackgroundWorkerHandle* handle = nullptr;  ///< of the running one
  seconds retry{0};                          ///< the pause before the next start
  steady_clock::time_point next_try{};
};

/// Databases that can be connected to and are no templates.
std::vector<Oid> databases() {
  pg::begin_transaction();
  const List* found = pg::guard([]() -> List* {
    List* result = NIL;
    pg::with_catalog(DatabaseRelationId, AccessShareLock, [&result](Relation catalog) {
      pg::scan_catalog(catalog, InvalidOid, nullptr, nullptr, [&result](HeapTuple row) {
        const auto* form = reinterpret_cast<Form_pg_database>(GETSTRUCT(row));
        if (form->datallowconn && !form->datistemplate) result = lappend_oid(result, form->oid);
        return true;
      });
    });
    return result;
  });
  std::vector<Oid> result;
  for (int i = 0; i < list_length(found); ++i) result.push_back(list_nth_oid(found, i));
  pg::commit_transaction();
  return result;
}

class Launcher {
 public:
  /// Looks at everything once; returns how long nothing is to be done.
  milliseconds step() {
    if (shmem::launcher::scan_wanted() || steady_clock::now() >= next_scan_) {
      waiting_ = known_ = databases();
      told_no_room_ = false;
      next_scan_ = steady_clock::now() + longest_sleep;
    }
    // One that is looked at and has no syncs makes room for the next.
    waiting_ = shmem::launcher::want(waiting_);
    const std::vector<Oid> missing = shmem::launcher::missing();
    reap(missing);
    return start(missing);
  }

 private:
  void tell_no_room() {
    if (told_no_room_) return;
    told_no_room_ = true;
    const int beyond = static_cast<int>(waiting_.size());
    pg::guard([=] {
      ereport(LOG, (errmsg("connector runs syncs by itself in %d databases only", shmem::most_databases),
                    errdetail_plural("%d database is left out.", "%d databases are left out.", beyond, beyond),
                    errhint("CALL cdb_run_due_syncs() runs what is due there.")));
    });
  }

  /// Schedulers that have ended: those that had nothing to do are forgotten, others get another one after a pause.
  void reap(const std::vector<Oid>& missing) {
    for (auto at = children_.begin(); at != children_.end();) {
      Child& child = at->second;
      if (child.handle == nullptr || !pg::worker_stopped(child.handle)) {
        ++at;
        continue;
      }
      pfree(child.handle);
      child.handle = nullptr;
      child.next_try = steady_clock::now() + child.retry;
      child.retry = std::clamp(child.retry * 2, first_retry, last_retry);
      const bool wanted = std::find(missing.begin(), missing.end(), at->first) != missing.end();
      at = wanted ? std::next(at) : children_.erase(at);
    }
  }

  milliseconds start(const std::vector<Oid>& missing) {
    const steady_clock::time_point now = steady_clock::now();
    steady_clock::time_point wake = next_scan_;
    int undecided = 0;
    for (auto& [database, child] : children_) {
      if (child.handle == nullptr) continue;
      if (shmem::launcher::resident(database)) {
        child.retry = seconds(0);  // it got there: if it ends, the first new try is at once
      } else {
        ++undecided;
      }
    }
    bool looked = false;
    for (const Oid database : missing) {
      Child& child = children_[database];
      if (child.handle != nullptr) continue;
      if (child.next_try > now) {
        wake = std::min(wake, child.next_try);
        continue;
      }
      if (undecided >= most_undecided) break;  // the end of one, or its decision to stay, wakes this process
      if (child.retry.count() > 0 && !looked) {
        // Something went wrong there: it may have been dropped.
        known_ = databases();
        looked = true;
      }
      if (looked && std::find(known_.begin(), known_.end(), database) == known_.end()) {
        shmem::launcher::forget(database);
        children_.erase(database);
        continue;
      }
      child.handle = pg::start_worker(
          {"connector_scheduler_main", "connector scheduler", "connector scheduler", ObjectIdGetDatum(database), {}});
      shmem::set_short_of_workers(child.handle == nullptr);
      if (child.handle == nullptr) {
        tell_no_workers();
        wake = std::min<steady_clock::time_point>(wake, now + seconds(10));
        break;
      }
      ++undecided;
      if (child.retry.count() == 0) child.retry = first_retry;
    }
    if (undecided == 0 && !waiting_.empty()) tell_no_room();
    return std::chrono::duration_cast<milliseconds>(std::max<steady_clock::duration>(wake - now, milliseconds(0)));
  }

  void tell_no_workers() {
    if (told_no_workers_) return;
    told_no_workers_ = true;
    pg::log_no_workers("a scheduler");
  }

  std::map<Oid, Child> children_;
  std::vector<Oid> known_;
  std::vector<Oid> waiting_;  ///< databases that were not looked at yet, as there is no room for them
  steady_clock::time_point next_scan_{};
  bool told_no_workers_ = false;
  bool told_no_room_ = false;
};

}  // namespace

void run_launcher() {
  shmem::launcher::attach();
  Launcher launcher;
  for (;;) pg::idle(launcher.step());
}

}  // namespace connector::scheduler
