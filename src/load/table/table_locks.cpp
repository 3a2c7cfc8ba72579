#include "load/table/table_locks.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

namespace {

using Clock = std::chrono::steady_clock;

/// One request for a lock on several relations, all or none, that stands for `limit` at most. Under an error all that
/// it took is released with its subtransaction.
bool try_lock(const std::vector<Oid>& relations, LOCKMODE mode, const char* limit) {
  try {
    pg::in_subtransaction([&] {
      pg::with_settings({{"lock_timeout", limit}}, [&] {
        pg::guard([&] {
          for (const Oid relation : relations) LockRelationOid(relation, mode);
          // The time may have been over just when the lock came.
          CHECK_FOR_INTERRUPTS();
        });
      });
    });
    return true;
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_LOCK_NOT_AVAILABLE && error.sqlerrcode() != ERRCODE_T_R_DEADLOCK_DETECTED) throw;
    return false;
  }
}

/// The transactions that hold the table against a strong lock.
class Holders {
 public:
  explicit Holders(Oid table) { SET_LOCKTAG_RELATION(tag_, MyDatabaseId, table); }

  /// Whether none of those that were there at the last look still is. A request for the strong lock takes a transaction
  /// id each time, and while one of them lasts it is in vain.
  bool have_changed() {
    std::vector<VirtualTransactionId> now;
    int count = 0;
    const VirtualTransactionId* found = pg::guard([&] { return GetLockConflicts(&tag_, AccessExclusiveLock, &count); });
    now.assign(found, found + count);
    const bool changed = std::ranges::none_of(last_, [&](const VirtualTransactionId& old) {
      return std::ranges::any_of(
          now, [&](const VirtualTransactionId& holder) { return VirtualTransactionIdEquals(old, holder); });
    });
    if (changed) last_ = std::move(now);
    return changed;
  }

 private:
  LOCKTAG tag_;
  std::vector<VirtualTransactionId> last_;
};

/// The session's lock_timeout, for several requests together.
class LockTimeLimit {
 public:
  bool passed() const { return limit_.count() > 0 && Clock::now() - start_ > limit_; }

 private:
  const std::chrono::milliseconds limit_{LockTimeout};
  const Clock::time_point start_ = Clock::now();
};

std::string shown_table(Oid table) {
  const char* name = pg::guard([&] { return get_rel_name(table); });
  return "table \"" + (name != nullptr ? pg::utf8_text(name) : std::to_string(table)) + "\"";
}

/// Whether somebody who holds the table waits for us: a deadlock that PostgreSQL does not see, as we never wait long.
bool holder_waits_for_us(Oid table) {
  return pg::any_catalog_row(
      "SELECT 1 FROM pg_locks l WHERE l.locktype = 'relation' AND l.relation = $1 AND l.granted "
      "AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) "
      "AND l.pid <> pg_backend_pid() AND pg_backend_pid() = ANY (pg_blocking_pids(l.pid)) LIMIT 1",
      table);
}

/// Which locks of others are in the way of a refresh.
enum class InTheWay { any, those_that_change };

/// `In its way: process 123, process 456.`, as far as they still are; prepared transactions have no process.
std::string holders_text(Oid table, InTheWay which) {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT DISTINCT coalesce('process ' || l.pid, 'a prepared transaction') FROM pg_locks l "
      "WHERE l.locktype = 'relation' AND l.relation = $1 AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() "
      "AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) "
      "AND ($2 OR l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock')) ORDER BY 1 LIMIT 10",
      {{OIDOID, std::to_string(table)}, {BOOLOID, which == InTheWay::any ? "t" : "f"}});
  std::string list;
  for (const auto& row : rows) core::add_item(list, *row[0]);
  return list.empty() ? list : " In its way: " + list + ".";
}

core::Error give_up(Oid table, const std::string& reason) {
  const std::string detail = reason + holders_text(table, InTheWay::any);
  return core::Error(core::ErrorNumber::cannot_load,
                     "could not exchange the contents of " + shown_table(table) + ": it is always in use", detail,
                     "Refresh again when long transactions have ended. The old data stays.");
}

}  // namespace

void lock_for_refresh(Oid table, core::Wait& wait) {
  const LockTimeLimit limit;
  // Nobody who only reads or writes queues behind this request: it may stand for long, but be interrupted in between.
  while (!try_lock({table}, ShareUpdateExclusiveLock, "200ms")) {
    wait.check();
    const char* reason = nullptr;
    if (limit.passed()) {
      reason = "The session's lock_timeout has passed.";
    } else if (holder_waits_for_us(table)) {
      // CREATE INDEX CONCURRENTLY waits for every snapshot older than its own. It is to end before its deadlock_timeout
      // does: PostgreSQL would end the index.
      reason = "A command that changes the table waits for this refresh in turn, as CREATE INDEX CONCURRENTLY does.";
    }
    if (reason == nullptr) continue;
    throw core::Error(core::ErrorNumber::cannot_load,
                      shown_table(table) + " can't be refreshed now: it is being changed or refreshed by others",
                      reason + holders_text(table, InTheWay::those_that_change),
                      "Refresh again when they have ended. The old data stays.");
  }
}

void lock_without_queue(Oid table, const std::vector<Oid>& others, core::Wait& wait) {
  const LockTimeLimit limit;
  // Hardly anybody uses the others without the table, which comes first.
  std::vector<Oid> relations{table};
  relations.insert(relations.end(), others.begin(), others.end());
  std::chrono::milliseconds pause(15);
  Holders holders(table);
  while (true) {
    wait.check();
    if (holders.have_changed() && try_lock(relations, AccessExclusiveLock, "5ms")) return;
    if (limit.passed()) throw give_up(table, "The session's lock_timeout has passed.");
    wait.wait(-1, core::wait_none, Clock::now() + pause);
    pause = std::min(pause * 5 / 4, std::chrono::milliseconds(250));
    // Before the next request: else PostgreSQL might find the deadlock, and end the other one.
    if (holder_waits_for_us(table)) {
      throw give_up(table, "A transaction that uses the table waits for this refresh in turn.");
    }
  }
}

}  // namespace connector::load
