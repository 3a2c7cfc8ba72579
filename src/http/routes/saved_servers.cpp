#include "http/routes/saved_servers.hpp"

#include "core/base/utf8.hpp"
#include "http/routes/failure_reply.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {

namespace {

// Those that are the role's own come first.
constexpr const char* list_statement =
    "SELECT pg_catalog.json_build_object('servers', coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(s)), '[]')) "
    "FROM (SELECT * FROM @extschema@.cdb_servers() AS s ORDER BY s.may_change DESC, s.name COLLATE pg_catalog.\"C\" "
    "LIMIT 1000) AS s";

/// Whether there is a server of that name, $1, that the role may use: what the list does not show is not there.
constexpr const char* is_there =
    "EXISTS (SELECT FROM pg_catalog.pg_foreign_server f JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid "
    "OPERATOR(pg_catalog.=) f.srvfdw WHERE w.fdwname OPERATOR(pg_catalog.=) 'connector' AND f.srvname "
    "OPERATOR(pg_catalog.=) $1::pg_catalog.text AND pg_catalog.has_server_privilege(f.oid, 'USAGE'))";

const std::string& create_statement() {
  static const std::string statement =
      std::string("SELECT @extschema@.cdb_server_save($1::pg_catalog.text, $2::pg_catalog.json) WHERE NOT ") + is_there;
  return statement;
}

const std::string& change_statement() {
  static const std::string statement =
      std::string("SELECT @extschema@.cdb_server_save($1::pg_catalog.text, $2::pg_catalog.json) WHERE ") + is_there;
  return statement;
}

const std::string& drop_statement() {
  static const std::string statement =
      std::string("SELECT @extschema@.cdb_server_drop($1::pg_catalog.text) WHERE ") + is_there;
  return statement;
}

constexpr std::string_view new_members[] = {"name", "provider", "connection"};
constexpr std::string_view change_members[] = {"provider", "connection"};
// What else an answer has may come back.
constexpr std::string_view ignored_of_new[] = {"owner", "may_change", "used_by"};
constexpr std::string_view ignored_of_change[] = {"name", "owner", "may_change", "used_by"};

/// `{"provider": …, "connection": …}` of the body, as text for SQL.
std::string connector_of(const core::JsonValue& body) {
  core::JsonValue connector;
  connector.type = core::JsonValue::Type::object;
  for (const std::string_view name : change_members) {
    if (const core::JsonValue* value = member(body, name)) add_member(connector, name, *value);
  }
  return core::json_text(connector);
}

std::string name_of(const core::JsonValue& body) {
  const core::JsonValue* name = given(body, "name");
  if (name != nullptr && name->type == core::JsonValue::Type::string) return name->text;
  Json told;
  told["errors"] = name == nullptr ? "missing key \"name\"" : "key \"name\" must be a string";
  told["hint"] = "A server is saved under a name, by which connectors call it: {\"connection\": \"shop\", …}.";
  throw Refusal{json_reply(told, 400)};
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(list_statement);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> create(Call& call) {
  const core::JsonValue body = body_without_key(call.request);
  check_members(body, new_members, ignored_of_new);
  const std::string name = name_of(body);
  const Rows rows = co_await call.query(create_statement().c_str(), name, connector_of(body));
  if (rows.empty()) {
    SqlFailure failure;
    failure.sqlstate = "42710";  // duplicate_object, as of CREATE SERVER
    failure.message = "server " + core::quoted(name) + " already exists";
    failure.hint = "Choose another name, or change that server by PUT.";
    co_return failure_reply(failure);
  }
  co_return Reply{.status = 201, .body = text_at(rows, 0, 0)};
}

const std::string& name_in_path(const Call& call) {
  return call.values.at(0);
}

Task<Reply> change(Call& call) {
  const core::JsonValue body = body_without_key(call.request);
  check_members(body, change_members, ignored_of_change);
  const Rows rows = co_await call.query(change_statement().c_str(), name_in_path(call), connector_of(body));
  if (rows.empty()) co_return Reply{.status = 404};
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> drop(Call& call) {
  const Rows rows = co_await call.query(drop_statement().c_str(), name_in_path(call));
  co_return Reply{.status = rows.empty() ? 404U : 204U};
}

}  // namespace

std::vector<Route> saved_server_routes() {
  constexpr AnswerText not_there = {404, "There is none of that name that the role may use"};
  constexpr AnswerText invalid = {400, "Name or connection is invalid, or the server exists already", "Error"};
  constexpr AnswerText denied = {403, "The role may not do that", "Error"};
  return {{.method = Method::get,
           .path = "/api/v1/servers",
           .operation = "list_servers",
           .summary = "The saved servers that the role may use, with its own login and without secrets",
           .handler = list,
           .answers = {{200, "The servers by name", "Servers"}}},
          {.method = Method::post,
           .path = "/api/v1/servers",
           .operation = "save_server",
           .summary = "Saves a connection under a name, which connectors can give in its place",
           .handler = create,
           .body_schema = "NewServer",
           .body_required = true,
           .answers = {{201, "The server", "Server"}, invalid, denied}},
          {.method = Method::put,
           .path = "/api/v1/servers/{name}",
           .operation = "change_server",
           .summary = "Gives a saved server another connection; a password that is left out stays as it is stored",
           .handler = change,
           .body_schema = "ServerChange",
           .body_required = true,
           .answers = {{200, "The server as it is then", "Server"},
                       {400, "The connection is invalid, or a password can't be kept", "Error"},
                       denied,
                       not_there}},
          {.method = Method::remove,
           .path = "/api/v1/servers/{name}",
           .operation = "drop_server",
           .summary = "Drops a saved server with all its logins, unless something uses it",
           .handler = drop,
           .answers = {{204, "It is gone"}, {400, "Something uses it", "Error"}, denied, not_there}}};
}

}  // namespace connector::http
