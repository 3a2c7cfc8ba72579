// cdb_import_connector() and cdb_import_status().
#include "pg/postgres.hpp"

#include <chrono>

#include "api/json.hpp"
#include "api/request.hpp"
#include "core/error.hpp"
#include "load/catalog.hpp"
#include "load/import.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "tcop/utility.h"
}

using connector::api::Json;
using connector::api::json_datum;
using connector::api::Request;
using connector::core::ErrorNumber;
using connector::load::ColumnCounts;
using connector::load::ImportResult;
using connector::load::NameChoice;
using connector::pg::PgError;

namespace {

Json counts(const ColumnCounts& columns) {
  Json json = Json::object();
  for (const auto& [column, count] : columns) json[column] = count;
  return json;
}

Json warnings(const ImportResult& result) {
  Json json = Json::object();
  if (result.truncated) json["max_rows_per_connection"] = result.max_rows;
  if (!result.invalid_values.empty()) json["invalid_values"] = counts(result.invalid_values);
  if (!result.zero_dates.empty()) json["zero_dates"] = counts(result.zero_dates);
  return json.empty() ? Json(nullptr) : json;
}

Json skipped_columns(const ImportResult& result) {
  Json json = Json::array();
  for (const auto& column : result.skipped) {
    json.push_back({{"name", column.remote_name}, {"type", column.remote_type}, {"reason", column.reason}});
  }
  return json;
}

/// What the caller gets, and what is remembered.
struct Outcome {
  connector::load::ImportRecord record;
  Json json;
};

Outcome describe(const Request& request, const std::string& schema, const NameChoice& target,
                 const ImportResult& result, std::chrono::steady_clock::time_point start) {
  const bool skipped = target.outcome == NameChoice::Outcome::skip;
  Outcome outcome;
  connector::load::ImportRecord& record = outcome.record;
  record.item_queue_id = connector::load::new_uuid();
  record.provider = request.spec().provider;
  record.request = request.masked();
  record.state = "complete";
  record.schema = schema;
  if (!skipped) record.table_name = connector::pg::utf8_text(std::string_view(target.name));
  if (skipped) record.error_code = static_cast<int>(ErrorNumber::skipped);
  record.rows = result.rows;
  record.bytes = result.bytes;

  Json& json = outcome.json;
  json["item_queue_id"] = record.item_queue_id;
  json["success"] = true;
  json["state"] = record.state;
  json["schema"] = record.schema;
  json["table_name"] = record.table_name ? Json(*record.table_name) : Json(nullptr);
  json["rows"] = record.rows;
  json["bytes"] = record.bytes;
  json["skipped_columns"] = skipped_columns(result);
  json["warnings"] = warnings(result);
  if (skipped) json["error_code"] = *record.error_code;
  const auto elapsed = std::chrono::steady_clock::now() - start;
  json["elapsed_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  record.result = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return outcome;
}

/// An error that PostgreSQL raised while loading (a full disk, a unique index) with the connector's number in its
/// DETAIL. A cancel or shutdown stays what it is.
PgError numbered(const PgError& error) {
  if (ERRCODE_TO_CATEGORY(error.sqlerrcode()) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION)) return error;
  connector::pg::ErrorFields fields = error.fields();
  const std::string number = "Connector error " + std::to_string(static_cast<int>(ErrorNumber::cannot_load)) + ".";
  fields.detail = fields.detail ? *fields.detail + "\n" + number : number;
  return PgError(std::move(fields));
}

Json import(Datum connector_json, bool wait) {
  const auto start = std::chrono::steady_clock::now();
  Request request(connector_json, connector::core::RequestKind::import);
  if (!wait) {
    throw connector::core::Error(ErrorNumber::invalid_parameters, "imports in the background are not available yet", {},
                                 "Call cdb_import_connector() with wait => true.");
  }
  connector::pg::guard([] {
    // Before anything is contacted. PostgreSQL refuses the same way on a standby, where all transactions are read-only.
    PreventCommandIfReadOnly("cdb_import_connector()");
  });
  const connector::load::TargetSchema schema = connector::load::find_target_schema(request.spec().target_schema);
  connector::load::take_import_slot(GetUserId(), connector::api::settings().max_imports_per_role);
  const std::string wanted = connector::load::wanted_table_name(request.spec());
  const NameChoice target = connector::load::choose_table_name(schema, wanted, request.spec().collision_strategy);
  ImportResult result;
  if (target.outcome == NameChoice::Outcome::skip) {
    connector::pg::notice("relation \"" + wanted + "\" already exists, the import is skipped");
  } else {
    connector::core::Connection& connection = request.connect();
    try {
      connector::load::NoProgress progress;
      result = connector::load::run_import(connection, request.spec(), schema, target, request.limits(), request.wait(),
                                           progress);
    } catch (const PgError& error) {
      throw numbered(error);
    }
  }
  Outcome outcome = describe(request, connector::pg::utf8_text(std::string_view(schema.name)), target, result, start);
  connector::load::record_import(outcome.record, connector::api::settings().keep_runs);
  return std::move(outcome.json);
}

constexpr const char* status_query =
    "SELECT pg_catalog.json_build_object("
    "'id', i.item_queue_id, 'user_id', i.role_name, 'data_type', 'datasource', 'table_name', i.table_name, "
    "'schema', i.schema, 'state', i.state, 'error_code', i.error_code, 'queue_id', i.item_queue_id, "
    "'tables_created_count', CASE WHEN i.table_name IS NULL THEN 0 ELSE 1 END, 'synchronization_id', NULL, "
    "'type_guessing', true, 'quoted_fields_guessing', true, 'content_guessing', false, "
    "'create_visualization', false, 'visualization_id', NULL, 'user_defined_limits', NULL, "
    "'get_error_text', (SELECT pg_catalog.json_build_object('title', e.title, 'what_about', e.what_to_do, 'source', "
    "e.who) "
    "FROM pg_catalog.json_to_recordset(connector.error_codes_json()) "
    "AS e (error_code integer, title pg_catalog.text, what_to_do pg_catalog.text, who pg_catalog.text) "
    "WHERE e.error_code OPERATOR(pg_catalog.=) i.error_code), "
    "'display_name', i.item_queue_id, 'success', i.state OPERATOR(pg_catalog.=) 'complete', 'warnings', i.warnings, "
    "'skipped_columns', i.skipped_columns, 'rows', i.rows, 'bytes', i.bytes, 'is_raster', false, 'original_url', NULL, "
    "'started_at', i.started_at, 'ended_at', i.ended_at)::pg_catalog.text "
    "FROM connector.imports i WHERE i.item_queue_id OPERATOR(pg_catalog.=) $1";

}  // namespace

CONNECTOR_FUNCTION(connector_import) {
  return json_datum(import(PG_GETARG_DATUM(0), PG_GETARG_BOOL(1)));
}

CONNECTOR_FUNCTION(connector_import_status) {
  const std::string id = connector::load::uuid_text(PG_GETARG_DATUM(0));
  const connector::pg::SqlRows rows = connector::pg::query(status_query, {{UUIDOID, id}}, true);
  if (rows.empty()) {
    throw connector::core::Error(ErrorNumber::invalid_parameters, "there is no import with id " + id,
                                 "It may have been forgotten (connector.keep_runs), or belong to another role.");
  }
  return connector::pg::text_datum(connector::pg::utf8_text(std::string_view(*rows[0][0])));
}
