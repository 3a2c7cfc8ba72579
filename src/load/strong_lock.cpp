#include "load/strong_lock.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* request_limit = "10ms";

/// One try. Under an error all that it took is released with its subtransaction.
bool try_lock(Oid table, const std::vector<Oid>& others) {
  try {
    pg::in_subtransaction([&] {
      pg::guard([&] {
        const int level = NewGUCNestLevel();
        set_config_option("lock_timeout", request_limit, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
        LockRelationOid(table, AccessExclusiveLock);
        // Hardly anybody uses these without the table. A conditional request would fail if somebody only waits for one.
        for (const Oid other : others) LockRelationOid(other, AccessExclusiveLock);
        // The time may have been over just when the lock came.
        CHECK_FOR_INTERRUPTS();
        AtEOXact_GUC(false, level);
      });
    });
    return true;
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_LOCK_NOT_AVAILABLE && error.sqlerrcode() != ERRCODE_T_R_DEADLOCK_DETECTED) throw;
    return false;
  }
}

/// Whether somebody who holds the table waits for us: a deadlock that PostgreSQL does not see, as we never wait long.
bool holder_waits_for_us(Oid table) {
  return !pg::query(
              "SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype OPERATOR(pg_catalog.=) 'relation' "
              "AND l.relation OPERATOR(pg_catalog.=) $1 AND l.granted AND l.database OPERATOR(pg_catalog.=) "
              "(SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname OPERATOR(pg_catalog.=) "
              "pg_catalog.current_database()) AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() "
              "AND pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) ANY (pg_catalog.pg_blocking_pids(l.pid)) LIMIT 1",
              {{OIDOID, std::to_string(table)}})
              .empty();
}

core::Error give_up(Oid table, const char* detail) {
  const char* name = pg::guard([&] { return get_rel_name(table); });
  return core::Error(
      core::ErrorNumber::cannot_load,
      "could not exchange the contents of table \"" + pg::utf8_text(std::string_view(name)) + "\": it is always in use",
      detail, "Refresh again when long transactions have ended. The old data stays.");
}

}  // namespace

void lock_without_queue(Oid table, const std::vector<Oid>& others, core::Wait& wait) {
  const int patience = LockTimeout;  // milliseconds, 0 = none
  const Clock::time_point start = Clock::now();
  std::chrono::milliseconds pause(15);
  for (int tries = 1;; ++tries) {
    wait.check();
    // Before each request: else PostgreSQL might find the deadlock, and end the other one.
    if (tries > 1 && holder_waits_for_us(table)) {
      throw give_up(table, "A transaction that uses the table waits for this refresh in turn.");
    }
    if (try_lock(table, others)) return;
    if (patience > 0 && Clock::now() - start > std::chrono::milliseconds(patience)) {
      throw give_up(table, "The session's lock_timeout has passed.");
    }
    wait.wait(-1, core::wait_none, Clock::now() + pause);
    pause = std::min(pause * 5 / 4, std::chrono::milliseconds(250));
  }
}

}  // namespace connector::load
