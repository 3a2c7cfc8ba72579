#include "store/queued_imports.hpp"

#include "store/sql.hpp"
#include "store/due_row.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

std::optional<QueuedImport> lock_import(const std::string& id, const char* state) {
  const SqlRows rows = query(
      "SELECT i.owner, i.request, x.secrets, i.provider, i.schema_name FROM connector.import i "
      "LEFT JOIN connector.import_secret x USING (item_queue_id) WHERE i.item_queue_id = $1 AND i.state = $2 "
      "FOR UPDATE OF i SKIP LOCKED",
      {uuid(id), {TEXTOID, state}});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
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

}  // namespace

void queue_import(const store::ImportRecord& record, const std::optional<std::string>& secrets) {
  store::announce_import(record);
  if (secrets) {
    execute("INSERT INTO connector.import_secret (item_queue_id, secrets) VALUES ($1, $2)",
            {uuid(record.item_queue_id), json(secrets)});
  }
}

std::optional<QueuedImport> lock_queued_import(const std::string& id) {
  return lock_import(id, "enqueued");
}

std::optional<QueuedImport> lock_begun_import(const std::string& id) {
  return lock_import(id, "uploading");
}

void begin_import(const std::string& id, schedule::Time now) {
  execute("UPDATE connector.import SET state = 'uploading', started_at = " + time_sql(2) + " WHERE item_queue_id = $1",
          {uuid(id), time(now)});
}

void settle_import(const std::string& id) {
  execute("DELETE FROM connector.import_secret WHERE item_queue_id = $1", {uuid(id)});
  const SqlRows state = query("SELECT state FROM connector.import WHERE item_queue_id = $1", {uuid(id)});
  if (!state.empty()) notify("import", id, *state[0][0]);
}

std::vector<DueRow> oldest_queued_imports(Oid role, int most) {
  return read_due_rows(
      query("SELECT d.item_queue_id, d.owner, d.provider, (extract(epoch FROM d.created_at) * 1000000)::bigint, "
            "r.oid IS NOT NULL, coalesce(r.rolcanlogin, false) FROM ("
            "SELECT i.*, row_number() OVER (PARTITION BY i.owner ORDER BY i.id) AS n FROM connector.import i "
            "WHERE i.state = 'enqueued' AND i.synchronization_id IS NULL AND pg_has_role($1, i.owner, 'USAGE')) AS d "
            "LEFT JOIN pg_roles r ON r.oid = d.owner WHERE d.n <= $2 ORDER BY d.id",
            {oid(role), number(static_cast<std::uint64_t>(most))}));
}

std::vector<std::string> begun_imports() {
  std::vector<std::string> ids;
  for (const auto& row : query("SELECT item_queue_id FROM connector.import WHERE state = 'uploading' "
                               "AND synchronization_id IS NULL",
                               {})) {
    ids.push_back(*row[0]);
  }
  return ids;
}

bool any_queued_import() {
  return *query(
             "SELECT EXISTS (SELECT FROM connector.import WHERE state IN ('enqueued', 'uploading') "
             "AND synchronization_id IS NULL)",
             {})[0][0] == "t";
}

}  // namespace connector::store
