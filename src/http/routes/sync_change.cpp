#include "http/routes/sync_change.hpp"

#include "http/routes/own_objects.hpp"
#include "http/routes/request_body.hpp"
#include "http/routes/sync_interval.hpp"
#include "http/routes/sync_members.hpp"
#include "http/routes/sync_statements.hpp"

namespace connector::http {

namespace {

constexpr const char* update_statement =
    "SELECT @extschema@.cdb_sync_update($1::pg_catalog.uuid, $2::pg_catalog.interval, $3::pg_catalog.json, "
    "NULL::pg_catalog.text)";
// Clients send back whole objects: to resume what is not paused would begin its count of failures anew.
constexpr const char* pause_statement =
    "SELECT @extschema@.cdb_sync_pause(s.id) FROM connector.syncs s WHERE s.id OPERATOR(pg_catalog.=) "
    "$1::pg_catalog.uuid AND NOT s.paused";
constexpr const char* resume_statement =
    "SELECT @extschema@.cdb_sync_resume(s.id) FROM connector.syncs s WHERE s.id OPERATOR(pg_catalog.=) "
    "$1::pg_catalog.uuid AND s.paused";

constexpr std::string_view used_members[] = {"connector", "interval", "paused"};

struct Change {
  Value connector;
  Value interval;
  std::optional<bool> paused;
};

Change read_change(const core::JsonValue& body) {
  check_members(body, used_members, sync_members());
  Change change;
  if (const core::JsonValue* connector = given(body, "connector")) change.connector = wrapped_connector(*connector);
  change.interval = interval_value(given(body, Parameters(), "interval"));
  if (const core::JsonValue* paused = given(body, "paused")) {
    if (paused->type != core::JsonValue::Type::boolean) {
      throw Refusal{error_reply(400, "\"paused\" must be true or false")};
    }
    change.paused = paused->text == "true";
  }
  return change;
}

/// The sync where there was nothing to change: it must be one that the role could have changed.
Task<Reply> own_status(Call& call) {
  co_await require_own_sync(call);
  const Rows rows = co_await query_sync(call, sync_status_statement, id_of_path(call));
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace

Task<Reply> change_synchronization(Call& call) {
  const core::JsonValue body = body_without_key(call.request);
  if (body.members.empty()) {
    co_await query_sync(call, run_sync_statement, id_of_path(call));
    co_return co_await own_status(call);
  }
  const Change change = read_change(body);
  Rows rows;
  if (change.connector || change.interval) {
    std::vector<Value> values = id_of_path(call);
    values.push_back(change.interval);
    values.push_back(change.connector);
    std::optional<SqlFailure> failure;
    try {
      rows = co_await query_sync(call, update_statement, std::move(values));
    } catch (const SqlFailure& caught) {
      failure = caught;
    }
    if (failure) co_return co_await interval_failure_reply(call, *failure, change.interval);
  }
  if (change.paused) {
    Rows changed = co_await query_sync(call, *change.paused ? pause_statement : resume_statement, id_of_path(call));
    if (!changed.empty()) rows = std::move(changed);
  }
  if (rows.empty()) co_return co_await own_status(call);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace connector::http
