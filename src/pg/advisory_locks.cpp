#include "pg/advisory_locks.hpp"

#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
}

namespace connector::pg {

namespace {

constexpr const char* held_sql =
    "FROM pg_locks l WHERE l.locktype = 'advisory' AND l.pid = pg_backend_pid() AND l.granted";
constexpr const char* key_sql = "concat_ws(' ', l.database, l.classid, l.objid, l.objsubid, l.mode)";

}  // namespace

std::string held_advisory_locks() {
  const SqlRows rows = catalog_query("SELECT coalesce(array_agg(" + std::string(key_sql) + "), '{}') " + held_sql);
  return *rows[0][0];
}

void release_new_advisory_locks(const std::string& held_before) {
  const SqlRows rows = catalog_query("SELECT l.database, l.classid, l.objid, l.objsubid, l.mode = 'ExclusiveLock' " +
                                         std::string(held_sql) + " AND " + key_sql + " <> ALL ($1)",
                                     {{TEXTARRAYOID, held_before}});
  for (const auto& row : rows) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, read_oid(row[0]), read_oid(row[1]), read_oid(row[2]),
                         static_cast<uint16>(std::stoul(*row[3])));
    const LOCKMODE mode = *row[4] == "t" ? ExclusiveLock : ShareLock;
    guard([&] {
      // One that was taken a million times is released as often.
      while (connector_lock_held(&tag, mode) && LockRelease(&tag, mode, true)) CHECK_FOR_INTERRUPTS();
    });
  }
}

}  // namespace connector::pg
