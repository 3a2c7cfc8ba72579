// cdb_import_status(), cdb_imports(): imports as JSON; connector.newest_imports(): their ids.
#include "pg/postgres.hpp"

#include "api/json.hpp"
#include "api/listing.hpp"
#include "api/own_sync.hpp"
#include "pg/entry.hpp"
#include "pg/row_set.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"

namespace api = connector::api;
namespace pg = connector::pg;

namespace {

constexpr const char* select_imports =
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
    "'is_raster', false, 'original_url', NULL, 'started_at', i.started_at, 'ended_at', i.ended_at)::text, "
    "i.item_queue_id "
    "FROM connector.imports i WHERE i.item_queue_id = ANY ($1)";

/// Those that the current role sees.
pg::SqlRows imports(const std::vector<std::string>& ids) {
  return pg::catalog_query(select_imports, {api::ids_parameter(ids)}, pg::Sees::callers_snapshot);
}

}  // namespace

CONNECTOR_FUNCTION(connector_import_status) {
  const std::string id = pg::uuid_text(PG_GETARG_DATUM(0));
  const pg::SqlRows rows = imports({id});
  if (rows.empty()) throw api::no_such_import(id);
  return api::json_datum(api::Json::parse(pg::utf8_text(*rows[0][0])));
}

CONNECTOR_FUNCTION(connector_imports) {
  const connector::store::Page page = api::page_argument(fcinfo);
  api::require_argument(fcinfo, 2, "unfinished");
  if (page.before && imports({*page.before}).empty()) throw api::no_such_import(*page.before);
  const std::vector<std::string> ids =
      connector::store::newest_imports(GetUserId(), page, DatumGetBool(fcinfo->args[2].value));
  return api::return_objects(fcinfo, ids, imports(ids));
}

CONNECTOR_FUNCTION(connector_newest_imports) {
  api::require_argument(fcinfo, 1, "limit");
  api::require_argument(fcinfo, 2, "most");
  const connector::store::FoundImports found =
      connector::store::find_imports(GetUserId(), api::optional_text(fcinfo, 0), DatumGetInt32(fcinfo->args[1].value),
                                     DatumGetInt32(fcinfo->args[2].value));
  pg::SqlRows rows;
  for (const std::string& id : found.ids) rows.push_back({id, std::to_string(found.count)});
  return pg::return_rows(fcinfo, rows);
}
