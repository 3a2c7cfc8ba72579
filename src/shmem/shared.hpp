// What launcher, schedulers, workers and sessions tell each other: a small place in shared memory, there only if the
// library is in shared_preload_libraries. Nothing in it is needed after a crash.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/words.hpp"

namespace connector::shmem {

inline constexpr int most_databases = 256;

/// Called by _PG_init in the postmaster.
void request();

/// False if the library was not preloaded: there is no launcher then.
bool available() noexcept;

/// True if the last attempt to start a scheduler or a worker found no free worker process (max_worker_processes).
bool short_of_workers() noexcept;
void set_short_of_workers(bool is_short) noexcept;

/// Wakes the scheduler of this database, or the launcher to start one, when the current transaction commits.
void wake_at_commit();

/// Wakes all schedulers now. Never fails.
void wake_schedulers() noexcept;

/// The launcher's side.
namespace launcher {
/// Makes this process the one that is woken.
void attach();
/// Asks for a scheduler in each of the databases; gives those for which there is no room.
std::vector<Oid> want(const std::vector<Oid>& databases);
/// Databases that want a scheduler, have none, and are not held back.
std::vector<Oid> missing();
/// True if somebody asked to look at all databases.
bool scan_wanted();
/// Forgets a database that is gone.
void forget(Oid database);
/// True if the scheduler of the database has come to stay.
bool resident(Oid database);
}  // namespace launcher

/// Asks the launcher to look at all databases again. Never fails.
void want_scan() noexcept;

/// The scheduler's side.
namespace scheduler {
/// Makes this process the scheduler of its database; false if there is another one, or the database is held back.
bool attach(Oid database);
/// There is work here: the scheduler stays.
void stay();
/// Nothing to do: from now on sessions ask the launcher. The caller looks once more after this, and attaches again if
/// there is something.
void leave();
}  // namespace scheduler

enum class JobKind : std::uint8_t { sync, import, batch };
inline constexpr auto job_kind_words =
    core::words<JobKind>({{JobKind::sync, "sync"}, {JobKind::import, "import"}, {JobKind::batch, "batch"}});

/// A job that was given a worker.
struct Job {
  JobKind kind = JobKind::sync;
  std::string id;  ///< uuid
  Oid role = InvalidOid;
  Oid database = InvalidOid;
};

/// What became of it.
enum class JobEnd : std::uint8_t {
  lost,  ///< the worker ended without a word, or never started
  done,  ///< it ran, or was not to run any more
  busy,  ///< somebody else works on it or has the role's last place: try again later
};

/// Place of a job among the workers of the cluster.
struct Place {
  int index;
  std::uint32_t generation;  ///< tells one use of the place from the next
};

/// Takes a place if fewer than `limit` are in use in the whole cluster.
std::optional<Place> reserve(const Job& job, int limit);
/// Number of places in use.
int in_use();
/// Gives a place back whose worker could not be started or has ended; says how it ended.
JobEnd release(const Place& place);
/// True if the place's worker has ended.
bool ended(const Place& place);
/// Frees the places of this database that a former scheduler reserved and nobody uses.
void free_abandoned(Oid database);

/// The worker's side.
namespace worker {
/// The job of the place, which this process now works on; empty if it was taken away meanwhile. From here on the end of
/// the process, however it comes, gives word to the scheduler.
std::optional<Job> attach(const Place& place);
void report(JobEnd end);
}  // namespace worker

/// Cancels the run of a sync of this database when the current transaction commits. False if no background worker runs
/// it.
bool stop_at_commit(const std::string& sync);

/// Holds a database's scheduler and workers back (DROP DATABASE): none start until let_go(), or this process ends.
void hold_back(Oid database);
/// Nothing happens if another process has the database by now.
void let_go(Oid database) noexcept;
/// Process ids of the scheduler and the workers of a database.
std::vector<int> processes(Oid database);

}  // namespace connector::shmem
