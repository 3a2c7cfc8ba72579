#include "shmem/shared.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include "pg/guard.hpp"
#include "settings/limits.hpp"

extern "C" {
#include "access/xact.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
}

namespace connector::shmem {

namespace {

constexpr const char* name = "connector";

struct DatabaseSlot {
  Oid database;  // InvalidOid: free
  bool wanted;   // there is, or may be, work
  bool resident;
  int held_by;  // pid of a session that drops or moves the database; 0 = none
  int pid;      // of the scheduler
  Latch* latch;
};

enum class PlaceState : std::uint8_t { free, reserved, running, ended };

struct PlaceSlot {
  PlaceState state;
  JobKind kind;
  JobEnd end;
  std::uint32_t generation;
  Oid database;
  Oid role;
  int scheduler;  // pid
  int worker;     // pid
  char id[37];
};

/// All guarded by the lock.
struct Shared {
  Latch* launcher;
  bool scan;
  bool short_of_workers;
  DatabaseSlot databases[most_databases];
  PlaceSlot places[settings::most_workers];
};

Shared* shared = nullptr;
LWLock* lock = nullptr;

shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

/// Neither end can fail: the lock is held for a look at a few arrays, never while anything else is taken.
class Locked {
 public:
  Locked() noexcept { LWLockAcquire(lock, LW_EXCLUSIVE); }
  ~Locked() { LWLockRelease(lock); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;
};

DatabaseSlot* find(Oid database) noexcept {
  for (DatabaseSlot& slot : shared->databases) {
    if (slot.database == database) return &slot;
  }
  return nullptr;
}

/// Null if all are taken.
DatabaseSlot* find_or_add(Oid database) noexcept {
  if (DatabaseSlot* slot = find(database)) return slot;
  DatabaseSlot* slot = find(InvalidOid);
  if (slot != nullptr) *slot = {database, false, false, 0, 0, nullptr};
  return slot;
}

/// Whether somebody drops or moves the database.
bool held_back(const DatabaseSlot& slot) noexcept {
  return slot.held_by != 0;
}

void wake(Latch* latch) noexcept {
  if (latch != nullptr) SetLatch(latch);
}

void on_request() {
  if (previous_request_hook != nullptr) previous_request_hook();
  RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
  RequestNamedLWLockTranche(name, 1);
}

void on_startup() {
  if (previous_startup_hook != nullptr) previous_startup_hook();
  bool found;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  shared = static_cast<Shared*>(ShmemInitStruct(name, sizeof(Shared), &found));
  if (!found) std::memset(static_cast<void*>(shared), 0, sizeof(Shared));
  lock = &GetNamedLWLockTranche(name)->lock;
  LWLockRelease(AddinShmemInitLock);
}

/// Ends the hold of this process on the database, if it has one.
void end_hold(DatabaseSlot& slot) noexcept {
  if (slot.held_by != MyProcPid) return;
  slot.held_by = 0;
  if (!slot.wanted && slot.pid == 0) slot.database = InvalidOid;
  wake(shared->launcher);
}

/// A holder that is ended from outside.
void on_holder_exit(int, Datum) {
  const Locked locked;
  for (DatabaseSlot& slot : shared->databases) end_hold(slot);
}

/// A worker of this database that runs the job; null if none does.
PlaceSlot* running_place(const char* id) noexcept {
  for (PlaceSlot& slot : shared->places) {
    if (slot.state == PlaceState::running && slot.database == MyDatabaseId && std::strcmp(slot.id, id) == 0) {
      return &slot;
    }
  }
  return nullptr;
}

/// Jobs to be cancelled if the transaction, and the subtransaction that asked for it, commit.
struct Stop {
  SubTransactionId subtransaction;
  std::string id;
};
std::vector<Stop>& stops() {
  static auto* const wanted = new std::vector<Stop>;
  return *wanted;
}

void on_stop_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT) {
    const Locked locked;
    for (const Stop& stop : stops()) {
      if (const PlaceSlot* slot = running_place(stop.id.c_str())) kill(slot->worker, SIGINT);
    }
  }
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) stops().clear();
}

void on_stop_subtransaction_end(SubXactEvent event, SubTransactionId mine, SubTransactionId, void*) {
  // What began later and has not ended yet does not exist: numbers from this one on are its own and its children's.
  if (event == SUBXACT_EVENT_ABORT_SUB) std::erase_if(stops(), [=](const Stop& s) { return s.subtransaction >= mine; });
}

bool wake_wanted = false;

/// Wakes whoever cares for this database.
void wake_ours() noexcept {
  const Locked locked;
  DatabaseSlot* slot = find_or_add(MyDatabaseId);
  if (slot == nullptr) {
    shared->scan = true;
    wake(shared->launcher);
  } else if (slot->latch != nullptr) {
    wake(slot->latch);
  } else {
    slot->wanted = true;
    wake(shared->launcher);
  }
}

void on_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT && wake_wanted) wake_ours();
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) wake_wanted = false;
}

void on_launcher_exit(int, Datum) {
  const Locked locked;
  if (shared->launcher == MyLatch) shared->launcher = nullptr;
}

void on_scheduler_exit(int, Datum database) {
  const Locked locked;
  DatabaseSlot* slot = find(DatumGetObjectId(database));
  if (slot == nullptr || slot->pid != MyProcPid) return;
  slot->pid = 0;
  slot->latch = nullptr;
  slot->resident = false;
  if (!slot->wanted && !held_back(*slot)) slot->database = InvalidOid;
  wake(shared->launcher);
}

int attached_place = -1;

void on_worker_exit(int, Datum) {
  if (attached_place < 0) return;
  {
    const Locked locked;
    PlaceSlot& slot = shared->places[attached_place];
    // Nobody takes note if the scheduler that started it is gone.
    const DatabaseSlot* database = find(slot.database);
    const bool noted = database != nullptr && database->pid == slot.scheduler;
    slot.state = noted ? PlaceState::ended : PlaceState::free;
  }
  // Places are the whole cluster's: others may wait for this one.
  wake_schedulers();
}

PlaceSlot* slot_of(const Place& place) noexcept {
  PlaceSlot& slot = shared->places[place.index];
  return slot.generation == place.generation && slot.state != PlaceState::free ? &slot : nullptr;
}

}  // namespace

void request() {
  previous_request_hook = shmem_request_hook;
  shmem_request_hook = on_request;
  previous_startup_hook = shmem_startup_hook;
  shmem_startup_hook = on_startup;
}

bool available() noexcept {
  return shared != nullptr;
}

bool short_of_workers() noexcept {
  const Locked locked;
  return shared->short_of_workers;
}

void set_short_of_workers(bool is_short) noexcept {
  const Locked locked;
  shared->short_of_workers = is_short;
}

void wake_at_commit() {
  if (!available()) return;
  static bool registered = false;
  if (!registered) {
    pg::guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
    registered = true;
  }
  wake_wanted = true;
}

void wake_schedulers() noexcept {
  const Locked locked;
  for (const DatabaseSlot& slot : shared->databases) wake(slot.latch);
}

void want_scan() noexcept {
  const Locked locked;
  shared->scan = true;
  wake(shared->launcher);
}

namespace launcher {

void attach() {
  pg::guard([] { before_shmem_exit(on_launcher_exit, 0); });
  const Locked locked;
  shared->launcher = MyLatch;
  shared->scan = true;
}

std::vector<Oid> want(const std::vector<Oid>& databases) {
  std::vector<Oid> without;
  without.reserve(databases.size());
  const Locked locked;
  for (const Oid database : databases) {
    if (DatabaseSlot* slot = find_or_add(database)) {
      slot->wanted = true;
    } else {
      without.push_back(database);
    }
  }
  return without;
}

std::vector<Oid> missing() {
  std::vector<Oid> result;
  result.reserve(most_databases);
  const Locked locked;
  for (DatabaseSlot& slot : shared->databases) {
    if (slot.database != InvalidOid && slot.wanted && slot.pid == 0 && !held_back(slot)) {
      result.push_back(slot.database);
    }
  }
  return result;
}

bool scan_wanted() {
  const Locked locked;
  return std::exchange(shared->scan, false);
}

void forget(Oid database) {
  const Locked locked;
  DatabaseSlot* slot = find(database);
  if (slot != nullptr && slot->pid == 0 && !held_back(*slot)) slot->database = InvalidOid;
}

bool resident(Oid database) {
  const Locked locked;
  const DatabaseSlot* slot = find(database);
  return slot != nullptr && slot->resident;
}

}  // namespace launcher

namespace scheduler {

bool attach(Oid database) {
  static bool registered = false;
  if (!registered) {
    pg::guard([=] { before_shmem_exit(on_scheduler_exit, ObjectIdGetDatum(database)); });
    registered = true;
  }
  const Locked locked;
  DatabaseSlot* slot = find_or_add(database);
  if (slot == nullptr || slot->pid != 0 || held_back(*slot)) return false;
  slot->wanted = true;
  slot->pid = MyProcPid;
  slot->latch = MyLatch;
  return true;
}

void stay() {
  const Locked locked;
  DatabaseSlot* slot = find(MyDatabaseId);
  if (slot == nullptr || slot->resident) return;
  slot->resident = true;
  wake(shared->launcher);
}

void leave() {
  const Locked locked;
  DatabaseSlot* slot = find(MyDatabaseId);
  if (slot == nullptr || slot->pid != MyProcPid) return;
  slot->wanted = false;
  slot->pid = 0;
  slot->latch = nullptr;
  slot->resident = false;
  if (!held_back(*slot)) slot->database = InvalidOid;
}

}  // namespace scheduler

std::optional<Place> reserve(const Job& job, int limit) {
  const Locked locked;
  int used = 0;
  int free = -1;
  for (int i = 0; i < settings::most_workers; ++i) {
    if (shared->places[i].state == PlaceState::reserved || shared->places[i].state == PlaceState::running) ++used;
    if (shared->places[i].state == PlaceState::free && free < 0) free = i;
  }
  if (used >= limit || free < 0) return std::nullopt;
  PlaceSlot& slot = shared->places[free];
  slot = {PlaceState::reserved, job.kind, JobEnd::lost, slot.generation + 1, job.database, job.role, MyProcPid, 0, {}};
  std::strncpy(slot.id, job.id.c_str(), sizeof slot.id - 1);
  return Place{free, slot.generation};
}

int in_use() {
  const Locked locked;
  return static_cast<int>(std::count_if(
      std::begin(shared->places), std::end(shared->places),
      [](const PlaceSlot& slot) { return slot.state == PlaceState::reserved || slot.state == PlaceState::running; }));
}

JobEnd release(const Place& place) {
  const Locked locked;
  PlaceSlot* slot = slot_of(place);
  if (slot == nullptr) return JobEnd::lost;
  slot->state = PlaceState::free;
  return slot->end;
}

bool ended(const Place& place) {
  const Locked locked;
  const PlaceSlot* slot = slot_of(place);
  return slot == nullptr || slot->state == PlaceState::ended;
}

void free_abandoned(Oid database) {
  const Locked locked;
  for (PlaceSlot& slot : shared->places) {
    // A worker that is just being started finds its place taken away, and ends.
    const bool unused = slot.state == PlaceState::reserved || slot.state == PlaceState::ended;
    if (unused && slot.database == database && slot.scheduler != MyProcPid) slot.state = PlaceState::free;
  }
}

namespace worker {

std::optional<Job> attach(const Place& place) {
  pg::guard([] { before_shmem_exit(on_worker_exit, 0); });
  std::string id(36, '\0');
  const Locked locked;
  PlaceSlot* slot = slot_of(place);
  if (slot == nullptr || slot->state != PlaceState::reserved) return std::nullopt;
  slot->state = PlaceState::running;
  slot->worker = MyProcPid;
  attached_place = place.index;
  std::memcpy(id.data(), slot->id, id.size());
  return Job{slot->kind, std::move(id), slot->role, slot->database};
}

void report(JobEnd end) {
  const Locked locked;
  shared->places[attached_place].end = end;
}

}  // namespace worker

bool stop_at_commit(const std::string& sync) {
  if (!available()) return false;
  static bool registered = false;
  if (!registered) {
    pg::guard([] {
      RegisterXactCallback(on_stop_transaction_end, nullptr);
      RegisterSubXactCallback(on_stop_subtransaction_end, nullptr);
    });
    registered = true;
  }
  stops().push_back({GetCurrentSubTransactionId(), sync});
  const Locked locked;
  return running_place(sync.c_str()) != nullptr;
}

void hold_back(Oid database) {
  static bool registered = false;
  if (!registered) {
    pg::guard([] { before_shmem_exit(on_holder_exit, 0); });
    registered = true;
  }
  const Locked locked;
  if (DatabaseSlot* slot = find_or_add(database)) slot->held_by = MyProcPid;
}

void let_go(Oid database) noexcept {
  const Locked locked;
  DatabaseSlot* slot = find(database);
  if (slot != nullptr) end_hold(*slot);
}

std::vector<int> processes(Oid database) {
  std::vector<int> pids;
  pids.reserve(settings::most_workers + 1);
  const Locked locked;
  if (const DatabaseSlot* slot = find(database); slot != nullptr && slot->pid != 0) pids.push_back(slot->pid);
  for (const PlaceSlot& slot : shared->places) {
    if (slot.state == PlaceState::running && slot.database == database) pids.push_back(slot.worker);
  }
  return pids;
}

}  // namespace connector::shmem
