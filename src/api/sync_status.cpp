#include "api/sync_status.hpp"

#include "api/json.hpp"
#include "api/listing.hpp"
#include "api/own_sync.hpp"
#include "pg/entry.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::api {

namespace {

// The attributes of the seeds in their order, and a few more behind them.
constexpr const char* select_syncs =
    "SELECT json_build_object("
    "'data_import', json_build_object('endpoint', '/api/v1/imports', 'item_queue_id', s.item_queue_id), "
    "'id', s.id, 'name', s.table_name, 'interval', extract(epoch FROM s.\"interval\")::bigint, 'url', NULL, "
    "'state', s.state, 'user_id', s.role_name, 'created_at', to_char(s.created_at AT TIME ZONE 'UTC', $2), "
    "'updated_at', to_char(s.updated_at AT TIME ZONE 'UTC', $2), 'run_at', to_char(s.run_at AT TIME ZONE 'UTC', $2), "
    "'ran_at', to_char(s.ran_at AT TIME ZONE 'UTC', $2), 'modified_at', NULL, 'etag', NULL, 'checksum', s.checksum, "
    "'log_id', s.log_id, 'error_code', s.error_code, 'error_message', s.error_message, "
    "'retried_times', s.retried_times, 'service_name', 'connector', 'service_item_id', s.request::text, "
    "'type_guessing', true, 'quoted_fields_guessing', true, 'content_guessing', false, 'visualization_id', NULL, "
    "'from_external_source', false, 'schema', s.schema, 'paused', s.paused, 'at', s.at, 'sync_name', s.name, "
    "'server', s.server, 'source', s.source, 'error_detail', s.error_detail, 'error_hint', s.error_hint, "
    "'sqlstate', s.sqlstate, 'failing_since', to_char(s.failing_since AT TIME ZONE 'UTC', $2), 'gave_up', s.gave_up, "
    "'warnings', s.warnings, 'schema_changes', s.schema_changes)::text, s.id "
    "FROM connector.syncs s WHERE s.id = ANY ($1)";

/// Those that the current role sees.
pg::SqlRows syncs(const std::vector<std::string>& ids, pg::Sees sees) {
  return pg::catalog_query(select_syncs, {ids_parameter(ids), {TEXTOID, "YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\""}}, sees);
}

Datum sync_list(FunctionCallInfo fcinfo) {
  const store::Page page = page_argument(fcinfo);
  const pg::Sees sees = pg::Sees::callers_snapshot;
  if (page.before && syncs({*page.before}, sees).empty()) throw no_such_sync(*page.before);
  const std::vector<std::string> ids = store::newest_syncs(GetUserId(), page);
  return return_objects(fcinfo, ids, syncs(ids, sees));
}

}  // namespace

Datum sync_status(const std::string& id, pg::Sees sees) {
  const pg::SqlRows rows = syncs({id}, sees);
  if (rows.empty()) throw no_such_sync(id);
  return json_datum(Json::parse(pg::utf8_text(*rows[0][0])));
}

}  // namespace connector::api

namespace api = connector::api;
namespace pg = connector::pg;

CONNECTOR_FUNCTION(connector_sync_status) {
  return api::sync_status(api::id_argument(fcinfo), pg::Sees::callers_snapshot);
}

CONNECTOR_FUNCTION(connector_named_sync_status) {
  return api::sync_status(api::named_argument(fcinfo, api::Among::seen), pg::Sees::callers_snapshot);
}

CONNECTOR_FUNCTION(connector_syncs) {
  return api::sync_list(fcinfo);
}
