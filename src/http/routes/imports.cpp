#include "http/routes/imports.hpp"

#include <algorithm>

#include "http/routes/failure_reply.hpp"
#include "http/routes/import_object.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {

namespace {

constexpr const char* import_statement = "SELECT @extschema@.cdb_import_connector($1::pg_catalog.json, false)";
constexpr const char* without_source_statement =
    "SELECT pg_catalog.json_build_object('item_queue_id', connector.import_without_source(), 'success', true)";
// The imports of cdb_imports(unfinished => true), of which nothing but the ids is asked for.
constexpr const char* unfinished_statement =
    "SELECT pg_catalog.json_build_object('imports', COALESCE(pg_catalog.json_agg(i.item_queue_id ORDER BY i.created_at "
    "DESC), '[]'), 'success', true) FROM connector.imports i WHERE i.state OPERATOR(pg_catalog.=) ANY "
    "(ARRAY['enqueued', 'uploading']) AND i.created_at OPERATOR(pg_catalog.>) (pg_catalog.statement_timestamp() "
    "OPERATOR(pg_catalog.-) '24 hours'::pg_catalog.interval)";
constexpr const char* status_statement = "SELECT @extschema@.cdb_import_status($1::pg_catalog.uuid)";
constexpr const char* cancel_statement = "SELECT @extschema@.cdb_import_cancel($1::pg_catalog.uuid)";
constexpr const char* limit_statement = "SELECT pg_catalog.max(l.max_queued_imports) FROM connector.my_limits l";

constexpr const char* slots_used = "We're sorry but you're already using your allowed {limit} import slots";

constexpr std::string_view used_members[] = {"connector", "collision_strategy"};
// What the original takes, has no meaning for a connector or for a database, and changes nothing in what is imported;
// and what an import's own object has, which its Python client sends along.
constexpr std::string_view ignored_members[] = {"any_table_raster",
                                                "append",
                                                "content_guessing",
                                                "create_vis",
                                                "create_visualization",
                                                "data_type",
                                                "derived_visualization_id",
                                                "display_name",
                                                "error_code",
                                                "file",
                                                "filename",
                                                "get_error_text",
                                                "id",
                                                "interval",
                                                "is_raster",
                                                "item_queue_id",
                                                "original_url",
                                                "privacy",
                                                "queue_id",
                                                "quoted_fields_guessing",
                                                "remote_visualization_id",
                                                "service_item_id",
                                                "service_name",
                                                "sql",
                                                "state",
                                                "success",
                                                "synchronization_id",
                                                "table_copy",
                                                "table_id",
                                                "table_name",
                                                "tables_created_count",
                                                "type",
                                                "type_guessing",
                                                "url",
                                                "user_defined_limits",
                                                "user_id",
                                                "visualization_id",
                                                "warnings"};
// Those of them that name something else to import.
constexpr std::string_view other_sources[] = {"url", "file",       "filename",
                                              "sql", "table_copy", "remote_visualization_id"};

[[noreturn]] void refuse_other_source(std::string_view name) {
  Json body;
  body["errors"] = "only connectors are imported, not \"" + std::string(name) + "\"";
  body["hint"] = "Give a database as \"connector\": {\"connector\": {\"provider\": \"postgres\", ...}}.";
  throw Refusal{json_reply(body, 400)};
}

/// The request for cdb_import_connector(); nothing if none names a source. Throws Refusal.
std::optional<std::string> read_request(const Request& request) {
  const core::JsonValue body = body_without_key(request);
  check_members(body, used_members, ignored_members);
  std::optional<core::JsonValue> connector = given_connector(body, request.query);
  if (connector) return wrapped_connector(std::move(*connector));
  for (const std::string_view name : other_sources) {
    if (given(body, request.query, name)) refuse_other_source(name);
  }
  return std::nullopt;
}

/// As the original has it: `{"errors": {"imports": message}}`.
Json import_failure(const Json& body) {
  Json told = body;
  told["errors"] = Json::object();
  told["errors"]["imports"] = body.value("errors", Json());
  return told;
}

Task<Reply> create(Call& call) {
  const std::optional<std::string> request = read_request(call.request);
  std::vector<Value> values;
  if (request) values.emplace_back(*request);
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.run(request ? import_statement : without_source_statement, std::move(values));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (!failure) co_return Reply{.body = text_at(rows, 0, 0)};
  if (failure_status(*failure) != 429) co_return failure_reply(*failure);
  co_return co_await too_many_reply(call, *failure, limit_statement, slots_used);
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(unfinished_statement);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> show(Call& call) {
  const Rows rows = co_await query_import(call, status_statement, id_of_path(call));
  co_return Reply{.body = import_object(text_at(rows, 0, 0))};
}

Task<Reply> cancel(Call& call) {
  const Rows rows = co_await query_import(call, cancel_statement, id_of_path(call));
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace

std::vector<Route> import_routes() {
  return {{.method = Method::get,
           .path = "/api/v1/imports",
           .operation = "list_imports",
           .summary = "The ids of imports that wait or run, newest first",
           .handler = list,
           .answers = {{200, "The ids", "ImportList"}}},
          {.method = Method::post,
           .path = "/api/v1/imports",
           .operation = "create_import",
           .summary = "Queues an import of a table or query of a remote database",
           .handler = create,
           .failure_shape = import_failure,
           .body_schema = "ImportCreate",
           .query = {{"collision_strategy", "string", "As the member of the body: error, rename, skip or overwrite"}},
           .answers = {{200, "It waits; without a \"connector\" it has failed already, as a request without a source",
                        "ImportCreated"},
                       {400,
                        "The request is invalid. Parameters of the original that mean nothing to a connector are "
                        "ignored, other members are refused, and so are files and URLs",
                        "Error"},
                       {403, "The role may not do that", "Error"},
                       {429, "The role has too many imports", "Error"}}},
          {.method = Method::get,
           .path = "/api/v1/imports/{id}",
           .operation = "get_import",
           .summary = "What became of an import",
           .handler = show,
           .answers = {{200, "The import", "Import"}, not_found_text}},
          {.method = Method::post,
           .path = "/api/v1/imports/{id}/cancel",
           .operation = "cancel_import",
           .summary = "Ends an import that waits or runs",
           .handler = cancel,
           .answers = {{200, "Whether something was cancelled", "Cancelled"}, not_found_text}}};
}

}  // namespace connector::http
