#include "store/catalog.hpp"

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "store/sql.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/builtins.h"
#include "utils/uuid.h"
}

namespace connector::store {

namespace {

constexpr const char* role_limits_query =
    "SELECT l.enabled, l.max_rows, l.max_syncs FROM connector.role_limits l WHERE (l.role_name IS NULL "
    "OR l.role_name::oid = $1) AND (l.provider IS NULL OR l.provider = $2) "
    "ORDER BY (l.role_name IS NULL), (l.provider IS NULL) LIMIT 1";

constexpr const char* insert_import =
    "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, table_name, "
    "error_code, error_message, row_count, byte_count, result, synchronization_id, started_at, ended_at) "
    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, statement_timestamp(), clock_timestamp() "
    "WHERE NOT EXISTS (SELECT FROM connector.import i WHERE i.item_queue_id = $1)";

// One that another session is just about to forget is left to it: nobody waits for the other's transaction.
constexpr const char* update_import =
    "UPDATE connector.import SET owner = $2, state = $5, schema_name = $6, table_name = $7, error_code = $8, "
    "error_message = $9, row_count = $10, byte_count = $11, result = $12, started_at = coalesce(started_at, "
    "statement_timestamp()), ended_at = clock_timestamp() WHERE id = (SELECT i.id FROM connector.import i "
    "WHERE i.item_queue_id = $1 FOR UPDATE SKIP LOCKED)";

// One whose end is not recorded, because a session that has not committed yet deletes it.
constexpr const char* announced_import = "SELECT FROM connector.import WHERE item_queue_id = $1 AND ended_at IS NULL";

constexpr const char* insert_announcement =
    "INSERT INTO connector.import (item_queue_id, owner, provider, request, state, schema_name, synchronization_id) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";

// Another import of the role that is about to forget the same ones does so: nobody waits for the other's transaction.
constexpr const char* forget_imports =
    "DELETE FROM connector.import WHERE id = ANY (SELECT o.id FROM connector.import o WHERE o.owner = $1 "
    "AND o.ended_at IS NOT NULL AND o.id <= (SELECT i.id FROM connector.import i WHERE i.owner = $1 "
    "AND i.ended_at IS NOT NULL ORDER BY i.id DESC OFFSET $2 LIMIT 1) FOR UPDATE SKIP LOCKED)";

std::string exact(const std::string& utf8) {
  return pg::exact_server_text(utf8);
}

std::optional<std::string> exact(const std::optional<std::string>& utf8) {
  return utf8 ? std::optional(pg::exact_server_text(*utf8)) : std::nullopt;
}

}  // namespace

Oid extension_owner() {
  return pg::guard([] {
    const Oid extension = get_extension_oid("connector", false);
    const Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
    const SysScanDesc scan = systable_beginscan(catalog, ExtensionOidIndexId, true, nullptr, 1, &key);
    const HeapTuple tuple = systable_getnext(scan);
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "extension connector is gone");
    const Oid owner = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner;
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return owner;
  });
}

RoleLimits role_limits(Oid role, std::string_view provider) {
  const std::vector<pg::SqlParameter> parameters = {{OIDOID, std::to_string(role)}, {TEXTOID, std::string(provider)}};
  pg::SqlRows rows;
  pg::look([&] { rows = sql::query(role_limits_query, parameters, pg::Sees::callers_snapshot); });
  RoleLimits limits;
  if (!rows.empty()) {
    limits.enabled = rows[0][0] != "f";
    if (rows[0][1]) limits.max_rows = std::stoll(*rows[0][1]);
    if (rows[0][2]) limits.max_syncs = std::stoi(*rows[0][2]);
  }
  return limits;
}

void record_import(const ImportRecord& record, int keep) {
  const std::string role = std::to_string(GetUserId());
  const std::vector<pg::SqlParameter> parameters = {
      {UUIDOID, record.item_queue_id},
      {OIDOID, role},
      {TEXTOID, record.provider},
      {JSONOID, exact(record.request)},
      {TEXTOID, record.state},
      {TEXTOID, exact(record.schema)},
      {TEXTOID, exact(record.table_name)},
      {INT4OID, record.error_code ? std::optional(std::to_string(*record.error_code)) : std::nullopt},
      {TEXTOID, exact(record.error_message)},
      {INT8OID, std::to_string(record.rows)},
      {INT8OID, std::to_string(record.bytes)},
      {JSONOID, exact(record.result)},
      {UUIDOID, record.synchronization_id}};
  if (sql::execute(update_import, parameters) == 0 && sql::execute(insert_import, parameters) == 0 &&
      !sql::query(announced_import, {{UUIDOID, record.item_queue_id}}).empty()) {
    throw core::Error(core::ErrorNumber::unknown, "the sync was deleted while it ran");
  }
  try {
    pg::in_subtransaction([&] { sql::execute(forget_imports, {{OIDOID, role}, {INT8OID, std::to_string(keep)}}); });
  } catch (const pg::PgError& error) {
    // Under REPEATABLE READ, another import forgot one since this transaction began: no reason to fail.
    if (error.sqlerrcode() != ERRCODE_T_R_SERIALIZATION_FAILURE) throw;
  }
}

void announce_import(const ImportRecord& record) {
  const std::string role = std::to_string(GetUserId());
  sql::execute(insert_announcement, {{UUIDOID, record.item_queue_id},
                                     {OIDOID, role},
                                     {TEXTOID, record.provider},
                                     {JSONOID, exact(record.request)},
                                     {TEXTOID, record.state},
                                     {TEXTOID, exact(record.schema)},
                                     {UUIDOID, record.synchronization_id}});
}

std::string new_uuid() {
  return uuid_text(pg::guard([] { return OidFunctionCall0(F_GEN_RANDOM_UUID); }));
}

std::string uuid_text(Datum uuid) {
  char* text = pg::guard([=] { return DatumGetCString(DirectFunctionCall1(uuid_out, uuid)); });
  std::string result(text);
  pfree(text);
  return result;
}

}  // namespace connector::store
