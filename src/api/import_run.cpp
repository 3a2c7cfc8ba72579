#include "api/import_run.hpp"

#include "core/error.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"

namespace connector::api {

using load::NameChoice;
using pg::PgError;

namespace {

Json counts(const load::ColumnCounts& columns) {
  Json json = Json::object();
  for (const auto& [column, count] : columns) json[column] = count;
  return json;
}

Json skipped_columns(const load::ImportResult& result) {
  Json json = Json::array();
  for (const auto& column : result.skipped) {
    json.push_back({{"name", column.remote_name}, {"type", column.remote_type}, {"reason", column.reason}});
  }
  return json;
}

}  // namespace

Json import_warnings(const load::ImportResult& result) {
  Json json = Json::object();
  if (result.truncated) json["max_rows_per_connection"] = result.max_rows;
  if (!result.invalid_values.empty()) json["invalid_values"] = counts(result.invalid_values);
  if (!result.zero_dates.empty()) json["zero_dates"] = counts(result.zero_dates);
  if (!result.nested_text.empty()) json["nested_text"] = counts(result.nested_text);
  for (const core::RemoteWarning& warning : result.remote_warnings) {
    json["remote_warnings"].push_back({{"code", warning.code}, {"count", warning.count}, {"message", warning.message}});
  }
  return json.empty() ? Json(nullptr) : json;
}

PgError numbered(const PgError& error, std::string_view provider) {
  if (error.is_cancel()) return error;
  pg::ErrorFields fields = error.fields();
  const std::string where = "Provider " + std::string(provider) + ", phase load.\nConnector error " +
                            std::to_string(static_cast<int>(core::ErrorNumber::cannot_load)) + ".";
  fields.detail = fields.detail ? *fields.detail + "\n" + where : where;
  return PgError(std::move(fields));
}

ImportRun import_table(Request& request, const load::TargetSchema& schema, Oid caller, load::Progress& progress) {
  ImportRun run{schema, {}, {}, std::chrono::steady_clock::now()};
  const std::string wanted = load::wanted_table_name(request.spec());
  run.target = load::choose_table_name(schema, wanted, request.spec().collision_strategy);
  if (run.target.outcome == NameChoice::Outcome::skip) {
    pg::notice("relation \"" + wanted + "\" already exists, the import is skipped");
    return run;
  }
  progress.phase(load::RunPhase::connecting);
  core::Connection& connection = request.connect();
  try {
    run.result = load::run_import(connection, request.spec(), schema, run.target, caller, request.limits(),
                                  request.wait(), progress);
  } catch (const PgError& error) {
    throw numbered(error, request.spec().provider);
  }
  // Event triggers may have renamed or moved it.
  const load::TableName name = load::table_name(run.result.table);
  run.target.name = name.name;
  run.schema.name = name.schema;
  return run;
}

ImportOutcome describe_import(const Request& request, const ImportRun& run, const std::string& item_queue_id) {
  const bool skipped = run.target.outcome == NameChoice::Outcome::skip;
  ImportOutcome outcome;
  load::ImportRecord& record = outcome.record;
  record.item_queue_id = item_queue_id;
  record.provider = request.spec().provider;
  record.request = request.masked();
  record.state = "complete";
  record.schema = pg::utf8_text(std::string_view(run.schema.name));
  if (!skipped) record.table_name = pg::utf8_text(std::string_view(run.target.name));
  if (skipped) record.error_code = static_cast<int>(core::ErrorNumber::skipped);
  record.rows = run.result.rows;
  record.bytes = run.result.bytes;

  Json& json = outcome.json;
  json["item_queue_id"] = record.item_queue_id;
  json["success"] = true;
  json["state"] = record.state;
  json["schema"] = record.schema;
  json["table_name"] = record.table_name ? Json(*record.table_name) : Json(nullptr);
  json["rows"] = record.rows;
  json["bytes"] = record.bytes;
  json["skipped_columns"] = skipped_columns(run.result);
  json["warnings"] = import_warnings(run.result);
  if (skipped) json["error_code"] = *record.error_code;
  const auto elapsed = std::chrono::steady_clock::now() - run.start;
  json["elapsed_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  record.result = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return outcome;
}

}  // namespace connector::api
