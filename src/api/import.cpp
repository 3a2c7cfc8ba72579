// cdb_import_connector(), cdb_import_status().
#include "pg/postgres.hpp"

#include "jobs/foreign_keys.hpp"
#include "jobs/import_job.hpp"
#include "jobs/import_run.hpp"
#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "jobs/request.hpp"
#include "core/base/error.hpp"
#include "pg/uuid.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "jobs/progress.hpp"
#include "jobs/run_lock.hpp"
#include "core/request/connector_reader.hpp"
#include "jobs/import_result.hpp"
#include "jobs/stop.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "tcop/utility.h"
}

using connector::api::Json;
using connector::api::json_datum;
using connector::core::ErrorNumber;
using connector::jobs::Request;

namespace {

void take_place() {
  const int limit = connector::settings::current().max_imports_per_role;
  if (try_take_place(connector::jobs::PlaceOf::import, GetUserId(), limit, connector::jobs::LockLife::transaction)) {
    return;
  }
  throw connector::core::Error(ErrorNumber::too_many_concurrent,
                               "this role already runs " + std::to_string(limit) + " imports", {},
                               "Wait for one of them to end, or have connector.max_imports_per_role raised.");
}

Json import(Datum json, bool wait) {
  Request request(json, connector::core::RequestKind::import);
  connector::pg::guard([] {
    // Before anything is contacted. PostgreSQL refuses the same way on a standby, where all transactions are read-only.
    PreventCommandIfReadOnly("cdb_import_connector()");
  });
  if (!wait) {
    connector::jobs::check_can_import_in_background();
    const connector::store::ImportRecord queued = connector::jobs::queue_import(
        request.spec(), request.stored(), connector::load::find_target_schema(request.spec().target_schema));
    return {{"item_queue_id", queued.item_queue_id},
            {"success", true},
            {"state", connector::store::import_state_name(queued.state)},
            {"schema", queued.schema},
            {"table_name", nullptr}};
  }
  const connector::load::TargetSchema schema = connector::load::find_target_schema(request.spec().target_schema);
  take_place();
  const std::string id = connector::pg::new_uuid();
  const connector::store::RequestTexts texts = connector::jobs::request_texts(request.spec());
  connector::jobs::RunProgress progress(
      connector::shmem::JobKind::import, id, GetUserId(), InvalidOid,
      {texts.server, texts.source, connector::pg::utf8_text(schema.name), texts.target_table});
  connector::jobs::ImportRun run = connector::jobs::import_table(request, schema, GetUserId(), progress);
  if (OidIsValid(run.result.table)) {
    for (std::string& problem : connector::jobs::add_foreign_keys(request.spec(), run, GetUserId())) {
      run.result.left_out.push_back(std::move(problem));
    }
  }
  connector::jobs::end_stoppable(id);
  const connector::store::ImportRecord record = connector::jobs::import_record(request, run, id);
  connector::store::record_import(record, connector::settings::current().keep_runs);
  return Json::parse(*record.result);
}

constexpr const char* status_query =
    "SELECT json_build_object('id', i.item_queue_id, 'user_id', i.role_name, 'table_id', (SELECT c.oid::int8 "
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = i.schema "
    "AND c.relname = i.table_name), 'data_type', 'datasource', 'table_name', CASE WHEN i.state = 'complete' THEN "
    "i.table_name END, 'schema', i.schema, "
    "'state', i.state, 'error_code', i.error_code, 'queue_id', i.item_queue_id, "
    "'item_queue_id', i.item_queue_id, "
    "'tables_created_count', CASE WHEN i.state = 'complete' AND i.table_name IS NOT NULL THEN 1 ELSE 0 END, "
    "'synchronization_id', i.synchronization_id, 'type_guessing', true, 'quoted_fields_guessing', true, "
    "'content_guessing', false, 'create_visualization', false, 'visualization_id', NULL, 'user_defined_limits', NULL, "
    "'get_error_text', (SELECT json_build_object('title', e.title, 'what_about', e.what_to_do, 'source', e.who) "
    "FROM json_to_recordset(connector.error_codes_json()) AS e (error_code integer, title text, what_to_do text, who "
    "text) WHERE e.error_code = i.error_code), 'display_name', i.item_queue_id, 'success', "
    "CASE WHEN i.ended_at IS NOT NULL THEN i.state = 'complete' END, 'error_message', i.error_message, 'error_detail', "
    "i.error_detail, 'error_hint', i.error_hint, 'sqlstate', i.sqlstate, "
    "'warnings', i.warnings, 'skipped_columns', i.skipped_columns, 'rows', i.rows, 'bytes', i.bytes, "
    "'is_raster', false, 'original_url', NULL, 'started_at', i.started_at, 'ended_at', i.ended_at)::text "
    "FROM connector.imports i WHERE i.item_queue_id = $1";

}  // namespace

CONNECTOR_FUNCTION(connector_import) {
  connector::api::require_argument(fcinfo, 0, "connector");
  connector::api::require_argument(fcinfo, 1, "wait");
  return json_datum(import(PG_GETARG_DATUM(0), PG_GETARG_BOOL(1)));
}

CONNECTOR_FUNCTION(connector_import_status) {
  const std::string id = connector::pg::uuid_text(PG_GETARG_DATUM(0));
  const connector::pg::SqlRows rows =
      connector::pg::catalog_query(status_query, {{UUIDOID, id}}, connector::pg::Sees::callers_snapshot);
  if (rows.empty()) throw connector::api::no_such_import(id);
  return json_datum(Json::parse(connector::pg::utf8_text(*rows[0][0])));
}
