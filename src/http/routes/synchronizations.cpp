#include "http/routes/synchronizations.hpp"

#include "http/routes/failure_reply.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/path_id.hpp"
#include "http/routes/request_body.hpp"
#include "http/routes/sync_change.hpp"
#include "http/routes/sync_interval.hpp"
#include "http/routes/sync_members.hpp"
#include "http/routes/sync_statements.hpp"

namespace connector::http {

namespace {

constexpr const char* create_statement =
    "SELECT @extschema@.cdb_sync_connector($1::pg_catalog.json, $2::pg_catalog.interval, NULL::pg_catalog.text)";
constexpr const char* list_statement =
    "SELECT s FROM @extschema@.cdb_syncs(NULL::pg_catalog.int4, NULL::pg_catalog.uuid) AS s";
constexpr const char* state_statement =
    "SELECT pg_catalog.json_build_object('state', @extschema@.cdb_sync_status($1::pg_catalog.uuid) "
    "OPERATOR(pg_catalog.->>) 'state')";
constexpr const char* delete_statement = "SELECT @extschema@.cdb_sync_delete($1::pg_catalog.uuid)";
constexpr const char* cancel_statement = "SELECT @extschema@.cdb_sync_cancel($1::pg_catalog.uuid)";

constexpr const char* limit_statement = "SELECT pg_catalog.max(l.max_stored_syncs) FROM connector.my_limits l";

constexpr std::string_view used_members[] = {"connector", "interval", "collision_strategy"};

struct NewSync {
  std::string connector;
  Value interval;
};

NewSync read_new_sync(const Request& request) {
  const core::JsonValue body = body_without_key(request);
  check_members(body, used_members, sync_members());
  core::JsonValue connector =
      required_connector(body, request.query,
                         "A sync is made of a connector and an interval: {\"connector\": {...}, \"interval\": 3600}.");
  return {.connector = wrapped_connector(std::move(connector)),
          .interval = interval_value(given(body, request.query, "interval"))};
}

Task<Reply> create(Call& call) {
  const NewSync sync = read_new_sync(call.request);
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.query(create_statement, sync.connector, sync.interval);
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (failure && failure_status(*failure) == 429) co_return co_await too_many_reply(call, *failure, limit_statement);
  if (failure) co_return co_await interval_failure_reply(call, *failure, sync.interval);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(list_statement);
  // What SQL has written is not read again: the list may be long.
  std::string body = "{\"synchronizations\":[";
  const char* separator = "";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    body += separator;
    body += text_at(rows, i, 0);
    separator = ",";
  }
  body += "],\"total_entries\":" + std::to_string(rows.size()) + '}';
  co_return Reply{.body = std::move(body)};
}

Task<Reply> answer_of(Call& call, const char* sql) {
  const Rows rows = co_await query_sync(call, sql, id_of_path(call));
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> show(Call& call) {
  return answer_of(call, sync_status_statement);
}

Task<Reply> show_state(Call& call) {
  return answer_of(call, state_statement);
}

Task<Reply> run_now(Call& call) {
  return answer_of(call, run_sync_statement);
}

Task<Reply> cancel(Call& call) {
  return answer_of(call, cancel_statement);
}

Task<Reply> remove(Call& call) {
  co_await query_sync(call, delete_statement, id_of_path(call));
  co_return Reply{.status = 204};
}

Route run_route(Method method, std::string_view operation) {
  return {.method = method,
          .path = "/api/v1/synchronizations/{id}/sync_now",
          .operation = operation,
          .summary = "Asks for a run at once",
          .handler = run_now,
          .answers = {{200, "Whether there will be one", "SyncNow"}, not_found_text}};
}

}  // namespace

std::vector<Route> synchronization_routes() {
  const AnswerText invalid = {
      400, "The request is invalid. What else the object of a sync has is ignored, other members are refused", "Error"};
  return {{.method = Method::get,
           .path = "/api/v1/synchronizations",
           .operation = "list_synchronizations",
           .summary = "All syncs of the role, newest first",
           .handler = list,
           .query = {{"page", "integer", "Is ignored: the answer has all of them"}},
           .answers = {{200, "The syncs", "SynchronizationList"}}},
          {.method = Method::post,
           .path = "/api/v1/synchronizations",
           .operation = "create_synchronization",
           .summary = "Imports a table or query of a remote database and refreshes the table again and again",
           .handler = create,
           .body_schema = "SynchronizationCreate",
           .body_required = true,
           .query = {{"interval", "string", "As the member of the body: seconds, 3600 by default"},
                     {"collision_strategy", "string", "As the member of the body: error, rename, skip or overwrite"}},
           .answers = {{200, "The sync", "Synchronization"},
                       invalid,
                       {403, "The role may not do that", "Error"},
                       {429, "The role has too many syncs", "Error"}}},
          {.method = Method::get,
           .path = "/api/v1/synchronizations/{id}",
           .operation = "get_synchronization",
           .summary = "The state of a sync",
           .handler = show,
           .answers = {{200, "The sync", "Synchronization"}, not_found_text}},
          {.method = Method::put,
           .path = "/api/v1/synchronizations/{id}",
           .operation = "change_synchronization",
           .summary = "Changes interval or connector of a sync, or pauses it; without a body it asks for a run at once",
           .handler = change_synchronization,
           .body_schema = "SynchronizationChange",
           .answers = {{200, "The sync as it is then", "Synchronization"}, invalid, not_found_text}},
          {.method = Method::remove,
           .path = "/api/v1/synchronizations/{id}",
           .operation = "delete_synchronization",
           .summary = "Forgets a sync and its password; the table stays",
           .handler = remove,
           .answers = {{204, "It is gone"}, not_found_text}},
          {.method = Method::get,
           .path = "/api/v1/synchronizations/{id}/sync_now",
           .operation = "get_synchronization_state",
           .summary = "The state of a sync in one word",
           .handler = show_state,
           .answers = {{200, "The state", "SyncNow"}, not_found_text}},
          run_route(Method::put, "run_synchronization"),
          run_route(Method::post, "run_synchronization_by_post"),
          {.method = Method::post,
           .path = "/api/v1/synchronizations/{id}/cancel",
           .operation = "cancel_synchronization",
           .summary = "Ends a run that is due or goes on",
           .handler = cancel,
           .answers = {{200, "Whether something was cancelled", "Cancelled"}, not_found_text}}};
}

}  // namespace connector::http
