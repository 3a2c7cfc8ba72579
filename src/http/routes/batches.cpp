#include "http/routes/batches.hpp"

#include "http/routes/failure_reply.hpp"
#include "http/routes/request_body.hpp"
#include "http/routes/sync_interval.hpp"

namespace connector::http {

namespace {

constexpr const char* create_statement =
    "SELECT pg_catalog.json_build_object("
    "'batch_id', (pg_catalog.array_agg(t.batch_id) FILTER (WHERE t.batch_id IS NOT NULL))[1], "
    "'tables', COALESCE(pg_catalog.json_agg(pg_catalog.row_to_json(t)), '[]')) "
    "FROM @extschema@.cdb_import_tables($1::pg_catalog.json, CASE WHEN $2::pg_catalog.json IS NOT NULL THEN "
    "ARRAY(SELECT pg_catalog.json_array_elements_text($2::pg_catalog.json)) END, $3::pg_catalog.interval) AS t";

constexpr const char* imports_limit_statement =
    "SELECT pg_catalog.max(l.max_queued_imports) FROM connector.my_limits l";
constexpr const char* syncs_limit_statement = "SELECT pg_catalog.max(l.max_stored_syncs) FROM connector.my_limits l";

constexpr std::string_view used_members[] = {"connector", "tables", "interval", "collision_strategy"};

/// The list of names and patterns as JSON; nothing for all tables. Throws Refusal.
Value read_tables(const core::JsonValue& body) {
  using Type = core::JsonValue::Type;
  const core::JsonValue* tables = given(body, "tables");
  if (tables == nullptr) return std::nullopt;
  bool is_list = tables->type == Type::array;
  for (const core::JsonValue& name : tables->items) is_list = is_list && name.type == Type::string;
  if (is_list) return core::json_text(*tables);
  Json told;
  told["errors"] = "\"tables\" must be a list of texts";
  told["hint"] = "Give names of tables, or patterns with * and ?; leave it out for all tables.";
  throw Refusal{json_reply(told, 400)};
}

Task<Reply> create(Call& call) {
  const core::JsonValue body = body_without_key(call.request);
  check_members(body, used_members, {});
  std::vector<Value> values;
  values.emplace_back(wrapped_connector(required_connector(
      body, call.request.query,
      "A batch is made of a connector without a table, and names of tables: {\"connector\": {...}, \"tables\": "
      "[\"orders\", \"item*\"]}.")));
  values.push_back(read_tables(body));
  const Value interval = interval_value(given(body, call.request.query, "interval"));
  values.push_back(interval);
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.run(create_statement, std::move(values));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (!failure) co_return Reply{.body = text_at(rows, 0, 0)};
  if (failure_status(*failure) != 429) co_return co_await interval_failure_reply(call, *failure, interval);
  co_return co_await too_many_reply(call, *failure, interval ? syncs_limit_statement : imports_limit_statement);
}

}  // namespace

std::vector<Route> batch_routes() {
  // The remote's own limits come first, and tell more than a call that takes too long.
  constexpr std::chrono::minutes with_a_remote(10);
  return {
      {.method = Method::post,
       .path = "/api/v1/batches",
       .operation = "create_batch",
       .summary = "Queues an import, or with an interval makes a sync, for each table of a remote database that is "
                  "meant",
       .handler = create,
       .time = with_a_remote,
       .body_schema = "BatchCreate",
       .body_required = true,
       .query = {{"interval", "string", "As the member of the body: seconds; without one nothing is synced"},
                 {"collision_strategy", "string", "As the member of the connector: error, rename, skip or overwrite"}},
       .answers = {{200, "What becomes of each table", "Batch"},
                   {400, "The request is invalid, or the remote database can't be reached, or says no", "Error"},
                   {403, "The role may not do that", "Error"},
                   {429, "The role has too many imports or syncs", "Error"}}}};
}

}  // namespace connector::http
