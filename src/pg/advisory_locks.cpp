#include "pg/advisory_locks.hpp"

#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_type.h"
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
  // One that was taken several times is released as often.
  const std::string release =
      "SELECT coalesce(bool_or(CASE WHEN l.objsubid = 1 AND l.mode = 'ExclusiveLock' "
      "THEN pg_advisory_unlock(l.classid::bigint << 32 | l.objid::bigint) "
      "WHEN l.objsubid = 1 THEN pg_advisory_unlock_shared(l.classid::bigint << 32 | l.objid::bigint) "
      "WHEN l.mode = 'ExclusiveLock' THEN pg_advisory_unlock(l.classid::integer, l.objid::integer) "
      "ELSE pg_advisory_unlock_shared(l.classid::integer, l.objid::integer) END), false) " +
      std::string(held_sql) + " AND " + key_sql + " <> ALL ($1)";
  while (*catalog_query(release, {{TEXTARRAYOID, held_before}})[0][0] == "t") continue;
}

}  // namespace connector::pg
