#include "store/imports.hpp"

#include "core/base/error.hpp"
#include "core/base/words.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

constexpr auto state_words = core::words<ImportState>({{ImportState::enqueued, "enqueued"},
                                                       {ImportState::uploading, "uploading"},
                                                       {ImportState::complete, "complete"},
                                                       {ImportState::failure, "failure"}});

SqlParameter state_parameter(ImportState state) {
  return {TEXTOID, std::string(state_words.of(state))};
}

constexpr const char* insert_import =
    "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, table_name, "
    "error_code, error_message, row_count, byte_count, result, error_detail, error_hint, sqlstate, "
    "synchronization_id, target_table, server, source, started_at, ended_at) "
    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
    "statement_timestamp(), clock_timestamp() "
    "WHERE NOT EXISTS (SELECT FROM connector.import i WHERE i.item_queue_id = $1)";

// One that another session is just about to forget is left to it: nobody waits for the other's transaction.
constexpr const char* update_import =
    "UPDATE connector.import SET owner = $2, state = $5, schema_name = $6, table_name = $7, error_code = $8, "
    "error_message = $9, row_count = $10, byte_count = $11, result = $12, error_detail = $13, error_hint = $14, "
    "sqlstate = $15, started_at = coalesce(started_at, "
    "statement_timestamp()), ended_at = clock_timestamp() WHERE id = (SELECT i.id FROM connector.import i "
    "WHERE i.item_queue_id = $1 FOR UPDATE SKIP LOCKED)";

// One whose end is not recorded, because a session that has not committed yet deletes it.
constexpr const char* announced_import = "SELECT FROM connector.import WHERE item_queue_id = $1 AND ended_at IS NULL";

constexpr const char* insert_announcement =
    "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, synchronization_id, "
    "target_table, server, source, batch_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

// Another import of the role that is about to forget the same ones does so: nobody waits for the other's transaction.
constexpr const char* forget_imports =
    "DELETE FROM connector.import WHERE id = ANY (SELECT o.id FROM connector.import o WHERE o.owner = $1 "
    "AND o.ended_at IS NOT NULL AND o.batch_id IS NULL AND o.id <= (SELECT i.id FROM connector.import i "
    "WHERE i.owner = $1 AND i.ended_at IS NOT NULL AND i.batch_id IS NULL ORDER BY i.id DESC OFFSET $2 LIMIT 1) FOR "
    "UPDATE SKIP LOCKED)";

std::string exact(const std::string& utf8) {
  return pg::exact_server_text(utf8);
}

std::optional<std::string> exact(const std::optional<std::string>& utf8) {
  return utf8 ? std::optional(pg::exact_server_text(*utf8)) : std::nullopt;
}

SqlParameter told(const std::optional<Failure>& failure, std::string Failure::*text) {
  if (!failure || ((*failure).*text).empty()) return {TEXTOID, std::nullopt};
  return shown((*failure).*text);
}

std::optional<QueuedImport> lock_import(const std::string& id, ImportState state) {
  const SqlRows rows = query(
      "SELECT i.owner, i.request, x.secrets, i.provider, i.schema_name, i.server, i.source, i.target_table, "
      "i.batch_id IS NOT NULL "
      "FROM connector.import i "
      "LEFT JOIN connector.import_secret x USING (item_queue_id) WHERE i.item_queue_id = $1 AND i.state = $2 "
      "FOR UPDATE OF i SKIP LOCKED",
      {uuid(id), state_parameter(state)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  QueuedImport import;
  import.id = id;
  import.owner = pg::read_oid(row[0]);
  import.request.masked = utf8(*row[1]);
  if (row[2]) import.request.secrets = utf8(*row[2]);
  import.request.trusted = true;
  import.provider = *row[3];
  import.schema = *row[4];
  import.texts = {utf8(*row[5]), utf8(*row[6]), utf8(*row[7])};
  import.in_batch = *row[8] == "t";
  return import;
}

}  // namespace

std::string_view import_state_name(ImportState state) noexcept {
  return state_words.of(state);
}

void record_import(const ImportRecord& record, int keep) {
  const std::string role = std::to_string(GetUserId());
  const std::vector<SqlParameter> parameters = {
      {UUIDOID, record.item_queue_id},
      {OIDOID, role},
      {TEXTOID, record.provider},
      {JSONOID, exact(record.request)},
      state_parameter(record.state),
      {TEXTOID, exact(record.schema)},
      {TEXTOID, exact(record.table_name)},
      {INT4OID, record.error_code ? std::optional(std::to_string(*record.error_code)) : std::nullopt},
      told(record.failure, &Failure::message),
      {INT8OID, std::to_string(record.rows)},
      {INT8OID, std::to_string(record.bytes)},
      {JSONOID, exact(record.result)},
      told(record.failure, &Failure::detail),
      told(record.failure, &Failure::hint),
      told(record.failure, &Failure::sqlstate)};
  std::vector<SqlParameter> all = parameters;
  all.insert(all.end(), {{UUIDOID, record.synchronization_id},
                         shown(record.texts.target_table),
                         shown(record.texts.server),
                         shown(record.texts.source)});
  if (sql::execute(update_import, parameters) == 0 && sql::execute(insert_import, all) == 0 &&
      !query(announced_import, {{UUIDOID, record.item_queue_id}}).empty()) {
    throw core::Error(core::ErrorNumber::unknown, "the sync was deleted while it ran");
  }
  try {
    pg::in_subtransaction([&] { execute(forget_imports, {{OIDOID, role}, {INT8OID, std::to_string(keep)}}); });
  } catch (const pg::PgError& error) {
    // Under REPEATABLE READ, another import forgot one since this transaction began: no reason to fail.
    if (error.sqlerrcode() != ERRCODE_T_R_SERIALIZATION_FAILURE) throw;
  }
}

void announce_import(const ImportRecord& record) {
  const std::string role = std::to_string(GetUserId());
  execute(insert_announcement, {{UUIDOID, record.item_queue_id},
                                {OIDOID, role},
                                {TEXTOID, record.provider},
                                {JSONOID, exact(record.request)},
                                state_parameter(record.state),
                                {TEXTOID, exact(record.schema)},
                                {UUIDOID, record.synchronization_id},
                                shown(record.texts.target_table),
                                shown(record.texts.server),
                                shown(record.texts.source),
                                {UUIDOID, record.batch_id}});
}

void queue_import(const ImportRecord& record, const std::optional<std::string>& secrets) {
  announce_import(record);
  if (secrets) {
    execute("INSERT INTO connector.import_secret (item_queue_id, secrets) VALUES ($1, $2)",
            {uuid(record.item_queue_id), json(secrets)});
  }
}

std::optional<QueuedImport> lock_queued_import(const std::string& id) {
  return lock_import(id, ImportState::enqueued);
}

std::optional<QueuedImport> lock_begun_import(const std::string& id) {
  return lock_import(id, ImportState::uploading);
}

std::optional<KnownImport> find_import(const std::string& id) {
  const SqlRows rows =
      query("SELECT owner, state, synchronization_id FROM connector.import WHERE item_queue_id = $1", {uuid(id)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  return KnownImport{pg::read_oid(row[0]), state_words.find(*row[1]).value(), row[2]};
}

void begin_import(const std::string& id, schedule::Time now) {
  execute("UPDATE connector.import SET state = 'uploading', started_at = " + time_sql(2) + " WHERE item_queue_id = $1",
          {uuid(id), time(now)});
}

void conclude_import(const std::string& id) {
  execute("DELETE FROM connector.import_secret WHERE item_queue_id = $1", {uuid(id)});
  const SqlRows state = query("SELECT state FROM connector.import WHERE item_queue_id = $1", {uuid(id)});
  if (!state.empty()) notify("import", id, *state[0][0]);
}

int queued_import_count(Oid role, int most) {
  const SqlRows rows = query(
      "SELECT count(*) FROM (SELECT FROM connector.import WHERE owner = $1 AND state = 'enqueued' "
      "AND synchronization_id IS NULL LIMIT " +
          std::to_string(most) + ") queued",
      {oid(role)});
  return std::stoi(*rows[0][0]);
}

std::vector<ComingImport> coming_imports() {
  std::vector<ComingImport> imports;
  for (const auto& row :
       sql::query("SELECT item_queue_id, schema_name, target_table FROM connector.import WHERE owner = $1 "
                  "AND state IN ('enqueued', 'uploading') AND synchronization_id IS NULL",
                  {oid(GetUserId())}, pg::Sees::latest)) {
    imports.push_back({*row[0], *row[1], utf8(*row[2])});
  }
  return imports;
}

std::vector<DueRow> oldest_queued_imports(Oid role, int most) {
  // Of thousands that wait, an index gives each role's first ones.
  return read_due_rows(
      query("WITH RECURSIVE owners (owner) AS ("
            "(SELECT owner FROM connector.import WHERE state = 'enqueued' AND synchronization_id IS NULL "
            "ORDER BY owner LIMIT 1) UNION ALL SELECT (SELECT i.owner FROM connector.import i WHERE i.owner > o.owner "
            "AND i.state = 'enqueued' AND i.synchronization_id IS NULL ORDER BY i.owner LIMIT 1) FROM owners o "
            "WHERE o.owner IS NOT NULL) "
            "SELECT d.item_queue_id, d.owner, d.provider, (extract(epoch FROM d.created_at) * 1000000)::bigint, "
            "r.oid IS NOT NULL, coalesce(r.rolcanlogin, false) FROM owners o CROSS JOIN LATERAL ("
            "SELECT i.* FROM connector.import i WHERE i.owner = o.owner AND i.state = 'enqueued' "
            "AND i.synchronization_id IS NULL ORDER BY i.id LIMIT $2) AS d "
            "LEFT JOIN pg_roles r ON r.oid = d.owner WHERE pg_has_role($1, d.owner, 'USAGE') ORDER BY d.id",
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
