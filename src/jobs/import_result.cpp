#include "jobs/import_result.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/request/request_texts.hpp"
#include "load/read/plan.hpp"
#include "pg/text.hpp"

namespace connector::jobs {

using Json = nlohmann::ordered_json;

namespace {

Json counts(const load::ColumnCounts& columns) {
  Json json = Json::object();
  for (const auto& [column, count] : columns) json[column] = count;
  return json;
}

Json skipped_columns(const load::LoadResult& result) {
  Json json = Json::array();
  for (const auto& column : result.skipped) {
    json.push_back({{"name", column.remote_name}, {"type", column.remote_type}, {"reason", column.reason}});
  }
  return json;
}

Json warnings_of(const load::LoadResult& result) {
  Json json = Json::object();
  if (result.truncated) json["max_rows_per_connection"] = result.max_rows;
  if (!result.invalid_values.empty()) json["invalid_values"] = counts(result.invalid_values);
  for (const auto& [kind, columns] : result.substitutions) json[std::string(kind.key)] = counts(columns);
  for (const core::RemoteWarning& warning : result.remote_warnings) {
    json["remote_warnings"].push_back({{"code", warning.code}, {"count", warning.count}, {"message", warning.message}});
  }
  if (!result.single_row_servers.empty()) json["sent_row_by_row"] = result.single_row_servers;
  if (!result.left_out.empty()) json["left_out"] = result.left_out;
  if (!result.fewer_readers.empty()) json["fewer_readers"] = result.fewer_readers;
  return json.empty() ? Json(nullptr) : json;
}

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<std::string> import_warnings(const load::LoadResult& result) {
  const Json warnings = warnings_of(result);
  return warnings.is_null() ? std::nullopt : std::optional(text(warnings));
}

store::RequestTexts request_texts(const core::ConnectorSpec& spec) {
  return {.server = core::server_text(spec),
          .source = core::source_text(spec),
          .target_table = load::wanted_table_name(spec)};
}

std::optional<std::string> schema_changes_text(const std::vector<load::SchemaChange>& changes) {
  if (changes.empty()) return std::nullopt;
  Json json = Json::array();
  for (const load::SchemaChange& change : changes) {
    Json one{{"change", load::schema_change_words.of(change.kind)}, {"name", change.name}};
    if (!change.from.empty()) one["from"] = change.from;
    if (!change.to.empty()) one["to"] = change.to;
    json.push_back(std::move(one));
  }
  return text(json);
}

store::ImportRecord import_record(const Request& request, const ImportRun& run, const std::string& item_queue_id) {
  const bool skipped = run.target.outcome == load::NameChoice::Outcome::skip;
  store::ImportRecord record;
  record.item_queue_id = item_queue_id;
  record.provider = request.spec().provider;
  record.request = request.masked();
  record.state = store::ImportState::complete;
  record.schema = pg::utf8_text(run.schema.name);
  record.texts = request_texts(request.spec());
  if (!skipped) record.table_name = pg::utf8_text(run.target.name);
  if (skipped) record.error_code = static_cast<int>(core::ErrorNumber::skipped);
  record.rows = run.result.rows;
  record.bytes = run.result.bytes;

  Json json;
  json["item_queue_id"] = record.item_queue_id;
  json["success"] = true;
  json["state"] = store::import_state_name(record.state);
  json["schema"] = record.schema;
  json["table_name"] = record.table_name ? Json(*record.table_name) : Json(nullptr);
  json["rows"] = record.rows;
  json["bytes"] = record.bytes;
  if (request.spec().readers > 1) json["readers"] = run.result.readers;
  json["skipped_columns"] = skipped_columns(run.result);
  json["warnings"] = warnings_of(run.result);
  if (skipped) json["error_code"] = *record.error_code;
  const auto elapsed = std::chrono::steady_clock::now() - run.start;
  json["elapsed_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  record.result = text(json);
  return record;
}

}  // namespace connector::jobs
