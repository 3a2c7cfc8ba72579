#include "sync/imports.hpp"

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/text.hpp"
#include "sync/run_lock.hpp"
#include "sync/settle.hpp"
#include "sync/store_sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::sync {

using namespace store_sql;

namespace {

QueuedImport read_import(const std::string& id, const std::vector<std::optional<std::string>>& row) {
  QueuedImport import;
  import.id = id;
  import.owner = static_cast<Oid>(std::stoul(*row[0]));
  import.request.masked = utf8(*row[1]);
  if (row[2]) import.request.secrets = utf8(*row[2]);
  import.request.trusted = true;
  import.provider = *row[3];
  import.schema = *row[4];
  return import;
}

constexpr const char* select_import =
    "SELECT i.owner, i.request, x.secrets, i.provider, i.schema_name FROM connector.import i "
    "LEFT JOIN connector.import_secret x USING (item_queue_id) WHERE i.item_queue_id = $1 AND i.state = $2 "
    "FOR UPDATE OF i SKIP LOCKED";

}  // namespace

void queue_import(const load::ImportRecord& record, const std::optional<std::string>& secrets) {
  load::announce_import(record);
  if (secrets) {
    execute("INSERT INTO connector.import_secret (item_queue_id, secrets) VALUES ($1, $2)",
            {uuid(record.item_queue_id), json(secrets)});
  }
}

std::optional<QueuedImport> lock_queued_import(const std::string& id) {
  const SqlRows rows = query(select_import, {uuid(id), {TEXTOID, "enqueued"}});
  if (rows.empty()) return std::nullopt;
  return read_import(id, rows[0]);
}

void begin_import(const std::string& id, Time now) {
  execute("UPDATE connector.import SET state = 'uploading', started_at = " + time_sql(2) + " WHERE item_queue_id = $1",
          {uuid(id), time(now)});
}

void settle_import(const std::string& id) {
  execute("DELETE FROM connector.import_secret WHERE item_queue_id = $1", {uuid(id)});
  const SqlRows state = query("SELECT state FROM connector.import WHERE item_queue_id = $1", {uuid(id)});
  if (!state.empty()) notify("import", id, *state[0][0]);
}

std::vector<DueSync> oldest_queued_imports(Oid role, int most) {
  return read_due(
      query("SELECT d.item_queue_id, d.owner, d.provider, (extract(epoch FROM d.created_at) * 1000000)::bigint, "
            "r.oid IS NOT NULL, coalesce(r.rolcanlogin, false) FROM ("
            "SELECT i.*, row_number() OVER (PARTITION BY i.owner ORDER BY i.id) AS n FROM connector.import i "
            "WHERE i.state = 'enqueued' AND i.synchronization_id IS NULL AND pg_has_role($1, i.owner, 'USAGE')) AS d "
            "LEFT JOIN pg_roles r ON r.oid = d.owner WHERE d.n <= $2 ORDER BY d.id",
            {oid(role), number(static_cast<std::uint64_t>(most))}));
}

void fail_import(const QueuedImport& import, const Failure& failure, int keep) {
  load::ImportRecord record;
  record.item_queue_id = import.id;
  record.provider = import.provider;
  record.request = import.request.masked;
  record.state = "failure";
  record.schema = utf8(import.schema);
  record.error_code = failure.number;
  record.error_message = failure.message;
  const pg::ActAs owner(import.owner, SECURITY_LOCAL_USERID_CHANGE);
  load::record_import(record, keep);
}

void end_lost_imports(int keep) {
  for (const auto& row : query("SELECT item_queue_id FROM connector.import WHERE state = 'uploading' "
                               "AND synchronization_id IS NULL",
                               {})) {
    const std::string& id = *row[0];
    if (!try_lock_run(id, LockLife::transaction)) continue;
    const SqlRows rows = query(select_import, {uuid(id), {TEXTOID, "uploading"}});
    if (rows.empty()) continue;
    fail_import(read_import(id, rows[0]), lost_run("The request can be sent again."), keep);
    settle_import(id);
  }
}

bool any_queued_import() {
  return *query(
             "SELECT EXISTS (SELECT FROM connector.import WHERE state IN ('enqueued', 'uploading') "
             "AND synchronization_id IS NULL)",
             {})[0][0] == "t";
}

}  // namespace connector::sync
