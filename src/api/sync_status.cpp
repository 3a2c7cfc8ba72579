#include "api/sync_status.hpp"

#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "pg/entry.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::api {

namespace {

// The attributes of the seeds in their order, and a few more behind them.
constexpr const char* status_query =
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
    "'warnings', s.warnings, 'schema_changes', s.schema_changes)::text "
    "FROM connector.syncs s WHERE s.id = $1";

}  // namespace

Datum sync_status(const std::string& id, pg::Sees sees) {
  const pg::SqlRows rows =
      pg::catalog_query(status_query, {{UUIDOID, id}, {TEXTOID, "YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\""}}, sees);
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
