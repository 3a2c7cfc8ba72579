#include "http/routes/connectors.hpp"

#include "http/routes/connector_request.hpp"
#include "http/routes/failure_reply.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/services.hpp"

namespace connector::http {

namespace {

constexpr const char* list_statement = "SELECT @extschema@.cdb_connectors()";
constexpr const char* info_statement = "SELECT @extschema@.cdb_connector_info($1::pg_catalog.text)";
constexpr const char* is_known_statement =
    "SELECT (@extschema@.cdb_connectors() OPERATOR(pg_catalog.->) $1::pg_catalog.text) IS NOT NULL";

/// A look at a remote database: what is asked of SQL, and what failures are called.
struct Look {
  const char* statement;
  std::string_view number{};  ///< the parameter of the address that is the second argument; empty: there is none
  std::string_view failure_prefix{};
};

constexpr Look tables = {
    .statement =
        "SELECT COALESCE(pg_catalog.json_agg(pg_catalog.row_to_json(t)), '[]') FROM "
        "@extschema@.cdb_connector_tables($1::pg_catalog.json, COALESCE($2::pg_catalog.int4, 500)) AS t",
    .number = "limit",
    .failure_prefix = "Error connecting to provider "};
constexpr Look connect = {.statement = "SELECT @extschema@.cdb_connector_check($1::pg_catalog.json)"};
constexpr Look dry_run = {
    .statement = "SELECT @extschema@.cdb_connector_dry_run($1::pg_catalog.json, COALESCE($2::pg_catalog.int4, 10))",
    .number = "preview_rows",
    .failure_prefix = "Error connecting to provider "};

const std::string& provider_of(const Call& call) {
  return call.values.at(0);
}

std::string unknown_provider(const Call& call) {
  return "Provider " + provider_of(call) + " unknown";
}

Task<Reply> list(Call& call) {
  const Rows rows = co_await call.query(list_statement);
  Json providers = Json::parse(text_at(rows, 0, 0));
  for (auto& [id, provider] : providers.items()) {
    Json told;
    for (const char* first : {"name", "enabled", "description"}) told[first] = provider[first];
    told.update(provider);
    provider = std::move(told);
  }
  co_return json_reply(providers);
}

/// What cdb_connector_info() says of the provider of the path. Throws Refusal (422) if there is none.
Task<std::string> info_of_provider(Call& call) {
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.query(info_statement, provider_of(call));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (!failure) co_return text_at(rows, 0, 0);
  if (failure->number == 0) throw SqlFailure(*failure);
  Json body;
  body["errors"] = is_invalid_request(*failure) ? unknown_provider(call) : failure->message;
  throw Refusal{failure_reply(*failure, 422, std::move(body))};
}

Task<Reply> show(Call& call) {
  std::string info = co_await info_of_provider(call);
  co_return Reply{.body = std::move(info)};
}

/// Whether the connector is what is wrong: a parameter, or the name of a server that is not there, which PostgreSQL
/// says by its class of syntax errors and unknown names, in which the lack of a privilege is, too.
bool is_invalid_connector(const SqlFailure& failure) noexcept {
  if (failure.number != 0) return is_invalid_request(failure) || failure.number == 1501;
  return failure.sqlstate.starts_with("42") && failure.sqlstate != "42501";
}

Task<Reply> look_failure_reply(Call& call, const Look& what, const SqlFailure& failure) {
  Json body;
  if (!is_invalid_connector(failure)) {
    const std::string prefix =
        what.failure_prefix.empty() ? "" : std::string(what.failure_prefix) + provider_of(call) + ", ";
    body["errors"] = prefix + failure.message;
    co_return failure_reply(failure, failure_status(failure), std::move(body));
  }
  const Rows known = co_await call.query(is_known_statement, provider_of(call));
  body["errors"] = value_at(known, 0, 0) == "t" ? failure.message : unknown_provider(call);
  co_return failure_reply(failure, 422, std::move(body));
}

/// As the original has it: `{"connected": false, "errors": …}`.
Json not_connected(const Json& failure) {
  Json body;
  body["connected"] = false;
  body.update(failure);
  return body;
}

Task<Reply> look(Call& call, const Look& what, std::string connector) {
  std::vector<Value> values;
  values.emplace_back(std::move(connector));
  if (!what.number.empty()) values.push_back(parameter(call.request.query, what.number));
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.run(what.statement, std::move(values));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (failure) co_return co_await look_failure_reply(call, what, *failure);
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> look_by_query(Call& call, const Look& what) {
  if (!call.services.query_passwords) {
    Json body;
    body["errors"] = "connection parameters in the address are switched off";
    body["hint"] = "Send the connector as the body of a POST: addresses are written into logs.";
    co_return json_reply(body, 403);
  }
  const std::string info = co_await info_of_provider(call);
  Reply reply = co_await look(call, what, connector_of_query(call.request, provider_of(call), info));
  reply.headers.emplace_back("Deprecation", "true");
  co_return reply;
}

Task<Reply> look_by_body(Call& call, const Look& what) {
  co_return co_await look(call, what, connector_of_body(call.request, provider_of(call)));
}

Task<Reply> tables_by_query(Call& call) {
  return look_by_query(call, tables);
}

Task<Reply> connect_by_query(Call& call) {
  return look_by_query(call, connect);
}

Task<Reply> tables_by_body(Call& call) {
  return look_by_body(call, tables);
}

Task<Reply> connect_by_body(Call& call) {
  return look_by_body(call, connect);
}

Task<Reply> dry_run_by_body(Call& call) {
  // Rows are converted by what the role may have made: domains and casts, whose code may change anything in the
  // session.
  call.session.end_after_call();
  return look_by_body(call, dry_run);
}

constexpr ParameterText limit_text = {"limit", "integer", "How many tables at most, 500 by default"};
constexpr ParameterText preview_text = {"preview_rows", "integer", "How many rows are shown, 10 by default"};
constexpr AnswerText unknown_text = {422, "There is no such provider", "Error"};
constexpr AnswerText invalid_text = {422, "The connector is invalid, or the role may not use it", "Error"};
constexpr AnswerText failed_text = {400, "The remote database can't be reached, or says no", "Error"};
constexpr AnswerText off_text = {403, "The program was started with --no-query-passwords", "Error"};

/// Keys of connections that all providers have; each has others, too.
std::vector<ParameterText> connection_texts(std::vector<ParameterText> more) {
  std::vector<ParameterText> texts = {{"server", "string", "Of the connection"},
                                      {"port", "string", "Of the connection"},
                                      {"database", "string", "Of the connection"},
                                      {"username", "string", "Of the connection"},
                                      {"password", "string", "Of the connection"}};
  texts.insert(texts.end(), more.begin(), more.end());
  return texts;
}

}  // namespace

std::vector<Route> connector_routes() {
  // The remote's own limits come first, and tell more than a call that takes too long.
  constexpr std::chrono::minutes with_a_remote(10);
  return {{.method = Method::get,
           .path = "/api/v1/connectors",
           .operation = "list_connectors",
           .summary = "The providers, and whether the role may use them",
           .handler = list,
           .answers = {{200, "The providers by id", "ConnectorList"}}},
          {.method = Method::get,
           .path = "/api/v1/connectors/{provider}",
           .operation = "get_connector",
           .summary = "What a provider can do, and the keys that its connectors have",
           .handler = show,
           .answers = {{200, "Features and parameters", "ConnectorInfo"}, unknown_text}},
          {.method = Method::get,
           .path = "/api/v1/connectors/{provider}/tables",
           .operation = "list_tables_by_query",
           .summary = "Tables of a remote database. Deprecated, as the password stands in the address: use POST",
           .handler = tables_by_query,
           .time = with_a_remote,
           .query = connection_texts({{"schema", "string", "Remote schema"}, limit_text}),
           .answers = {{200, "The tables", "TableList"}, failed_text, off_text, invalid_text}},
          {.method = Method::post,
           .path = "/api/v1/connectors/{provider}/tables",
           .operation = "list_tables",
           .summary = "Tables of a remote database",
           .handler = tables_by_body,
           .time = with_a_remote,
           .body_schema = "Connector",
           .body_required = true,
           .query = {limit_text},
           .answers = {{200, "The tables", "TableList"}, failed_text, invalid_text}},
          {.method = Method::get,
           .path = "/api/v1/connectors/{provider}/connect",
           .operation = "connect_by_query",
           .summary = "Whether a connection can be made. Deprecated, as the password stands in the address: use POST",
           .handler = connect_by_query,
           .time = with_a_remote,
           .failure_shape = not_connected,
           .query = connection_texts({}),
           .answers = {{200, "It can", "Connected"}, failed_text, off_text, invalid_text}},
          {.method = Method::post,
           .path = "/api/v1/connectors/{provider}/connect",
           .operation = "connect",
           .summary = "Whether a connection can be made",
           .handler = connect_by_body,
           .time = with_a_remote,
           .failure_shape = not_connected,
           .body_schema = "Connector",
           .body_required = true,
           .answers = {{200, "It can", "Connected"}, failed_text, invalid_text}},
          {.method = Method::post,
           .path = "/api/v1/connectors/{provider}/dryrun",
           .operation = "dry_run",
           .summary = "What an import would create, with the first rows",
           .handler = dry_run_by_body,
           .time = with_a_remote,
           .body_schema = "Connector",
           .body_required = true,
           .query = {preview_text},
           .answers = {{200, "Columns and rows", "DryRun"}, failed_text, invalid_text}}};
}

}  // namespace connector::http
