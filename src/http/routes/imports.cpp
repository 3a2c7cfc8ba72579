#include "http/routes/imports.hpp"

#include <algorithm>

#include "http/routes/failure_reply.hpp"
#include "http/routes/import_object.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {

namespace {

constexpr const char* import_statement = "SELECT @extschema@.cdb_import_connector($1::pg_catalog.json, wait => false)";
constexpr const char* without_source_statement =
    "SELECT pg_catalog.json_build_object('item_queue_id', connector.import_without_source(), 'success', true)";
constexpr const char* unfinished_statement =
    "SELECT i OPERATOR(pg_catalog.->>) 'id' FROM @extschema@.cdb_imports(\"limit\" => NULL, unfinished => true) AS i";
constexpr const char* status_statement = "SELECT @extschema@.cdb_import_status($1::pg_catalog.uuid)";
constexpr const char* cancel_statement = "SELECT @extschema@.cdb_import_cancel($1::pg_catalog.uuid)";
constexpr const char* limit_statement = "SELECT pg_catalog.max(l.max_queued_imports) FROM connector.my_limits l";

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

constexpr unsigned retry_seconds = 10;

[[noreturn]] void refuse_other_source(std::string_view name) {
  Json body;
  body["errors"]["imports"] = "only connectors are imported, not \"" + std::string(name) + "\"";
  body["hint"] = "Give a database as \"connector\": {\"connector\": {\"provider\": \"postgres\", ...}}.";
  throw Refusal{json_reply(body, 400)};
}

/// The request for cdb_import_connector(); nothing if none names a source. Throws Refusal.
std::optional<std::string> read_request(const Request& request) {
  const core::JsonValue body = body_without_key(request);
  check_members(body, used_members, ignored_members);
  const core::JsonValue* connector = given(body, "connector");
  if (connector == nullptr) {
    for (const std::string_view name : other_sources) {
      if (given(body, request.query, name)) refuse_other_source(name);
    }
    return std::nullopt;
  }
  core::JsonValue whole = *connector;
  const std::optional<core::JsonValue> strategy = given(body, request.query, "collision_strategy");
  // If the connector has one, too, SQL says so.
  if (strategy && whole.type == core::JsonValue::Type::object) {
    add_member(whole, "collision_strategy", *strategy);
  }
  return wrapped_connector(std::move(whole));
}

Task<Reply> too_many_reply(Call& call, SqlFailure failure) {
  const Rows rows = co_await call.query(limit_statement);
  const std::string limit = rows[0][0].value_or("0");
  Json body;
  body["errors"]["imports"] = "We're sorry but you're already using your allowed " + limit + " import slots";
  Reply reply = failure_reply(failure, 429, std::move(body));
  // Clients want all of them or none.
  reply.headers.emplace_back("Retry-After", std::to_string(retry_seconds));
  reply.headers.emplace_back("Carto-Rate-Limit-Limit", limit);
  reply.headers.emplace_back("Carto-Rate-Limit-Remaining", "0");
  reply.headers.emplace_back("Carto-Rate-Limit-Reset", std::to_string(retry_seconds));
  co_return reply;
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
  if (!failure) co_return Reply{.body = *rows[0][0]};
  const unsigned status = failure_status(*failure);
  if (status == 429) co_return co_await too_many_reply(call, *failure);
  Json body;
  body["errors"]["imports"] = failure->message;
  co_return failure_reply(*failure, status, std::move(body));
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(unfinished_statement);
  Json ids = Json::array();
  for (const Row& row : rows) ids.push_back(row[0].value_or(""));
  Json body;
  body["imports"] = std::move(ids);
  body["success"] = true;
  co_return json_reply(body);
}

Task<Reply> show(Call& call) {
  const Rows rows = co_await query_import(call, status_statement, id_of_path(call));
  co_return Reply{.body = import_object(*rows[0][0])};
}

Task<Reply> cancel(Call& call) {
  const Rows rows = co_await query_import(call, cancel_statement, id_of_path(call));
  co_return Reply{.body = *rows[0][0]};
}

}  // namespace

std::vector<Route> import_routes() {
  const AnswerText not_found = {404, "There is none with that id, or it is another role's"};
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
           .body_schema = "ImportCreate",
           .query = {{"collision_strategy", "string", "As the member of the body: rename, skip or overwrite"}},
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
           .answers = {{200, "The import", "Import"}, not_found}},
          {.method = Method::post,
           .path = "/api/v1/imports/{id}/cancel",
           .operation = "cancel_import",
           .summary = "Ends an import that waits or runs",
           .handler = cancel,
           .answers = {{200, "Whether something was cancelled", "Cancelled"}, not_found}}};
}

}  // namespace connector::http
