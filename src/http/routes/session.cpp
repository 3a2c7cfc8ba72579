#include "http/routes/session.hpp"

#include <array>
#include <ctime>

#include "http/message/browser.hpp"
#include "http/routes/request_body.hpp"
#include "http/routes/services.hpp"

namespace connector::http {

namespace {

// The setting is there once the library is, which a function of it has seen to by then.
constexpr const char* show_statement =
    "SELECT pg_catalog.json_build_object('user', SESSION_USER, 'database', pg_catalog.current_database(), "
    "'version', (SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname OPERATOR(pg_catalog.=) "
    "'connector'), "
    "'superuser', pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on', "
    "'can_connect', pg_catalog.has_foreign_data_wrapper_privilege('connector', 'USAGE'), "
    "'schemas', (SELECT coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]') FROM pg_catalog.pg_namespace "
    "n "
    "WHERE pg_catalog.has_schema_privilege(n.oid, 'CREATE') AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema' "
    "AND n.nspname OPERATOR(pg_catalog.!~) '^pg_'), "
    "'events', $1::pg_catalog.bool, 'scheduler', connector.has_scheduler(), "
    "'max_retries', pg_catalog.current_setting('connector.max_retries')::pg_catalog.int4, "
    "'max_listed_tables', pg_catalog.current_setting('connector.max_listed_tables')::pg_catalog.int4, "
    "'now', pg_catalog.to_char(pg_catalog.timezone('UTC', pg_catalog.now()), 'YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\"'))";

/// When that moment of the program's clock is, by ISO 8601 in UTC.
std::string time_text(Clock::time_point moment) {
  const std::time_t time = std::chrono::system_clock::to_time_t(
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::system_clock::duration>(moment - Clock::now()));
  std::tm utc{};
  gmtime_r(&time, &utc);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S+00:00", &utc)};
}

void add_end(Call& call, Json& body) {
  const auto end = call.services.sessions.end_of(call.identity.session);
  if (end) body["ends_at"] = time_text(*end);
}

/// The role and its password, from the body alone.
Credentials read_login(const Request& request) {
  constexpr std::array<std::string_view, 2> names = {"user", "password"};
  core::JsonValue body = body_without_key(request);
  check_members(body, names, {});
  std::array<std::string, 2> texts;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const core::JsonValue* value = member(body, names.at(i));
    if (value == nullptr || value->type != core::JsonValue::Type::string) {
      throw Refusal{json_reply({{"errors", "\"user\" and \"password\" must be texts"},
                                {"hint", "A log-in is {\"user\": \"alice\", \"password\": \"...\"}."}},
                               400)};
    }
    texts.at(i) = value->text;
  }
  Credentials credentials;
  credentials.user = std::move(texts[0]);
  credentials.key = std::move(texts[1]);
  credentials.password_only = true;
  return credentials;
}

Task<Reply> begin(Call& call) {
  require_browser(call.request);
  Credentials credentials = read_login(call.request);
  call.session = co_await call.services.log_in.log_in(std::move(credentials), call.request.address, call.identity,
                                                      call.deadline, call.stop);
  const SessionKey key = call.services.sessions.begin(call.identity, Clock::now());
  Json body;
  body["user"] = call.identity.user;
  body["token"] = key.token;
  add_end(call, body);
  Reply reply = json_reply(body);
  reply.headers.emplace_back("Set-Cookie", session_cookie(key.id, call.request.is_secure));
  co_return reply;
}

Task<Reply> show(Call& call) {
  const bool events = !call.services.database.user.empty() && call.services.events.hears();
  const Rows rows = co_await call.query(show_statement, events ? "true" : "false");
  Json body = Json::parse(text_at(rows, 0, 0));
  add_end(call, body);
  co_return json_reply(body);
}

/// It needs no session of the database: one can log out while that is away, or the password another one.
Task<Reply> end(Call& call) {
  const std::optional<Identity> identity =
      call.services.sessions.use_any(read_session_keys(call.request), Clock::now());
  if (!identity) throw Refusal{{.status = 401}};
  call.identity.user = identity->user;
  call.services.sessions.end(identity->session);
  call.services.events.check_session(identity->session);
  Reply reply{.status = 204};
  reply.headers.emplace_back("Set-Cookie", session_cookie({}, call.request.is_secure));
  co_return reply;
}

}  // namespace

std::vector<Route> session_routes() {
  const AnswerText forbidden = {
      403, "There is no TLS and the client is on another machine, or the request comes from another origin", "Error"};
  return {{.method = Method::post,
           .path = "/api/v1/session",
           .operation = "begin_session",
           .summary = "Logs in to the page: the session is a cookie and a token, and has all that belongs to a request",
           .handler = begin,
           .for_everybody = true,
           .body_schema = "NewSession",
           .body_required = true,
           .answers = {{200, "The session, whose id is the cookie", "BegunSession"},
                       {401, "A wrong password, or a role that may not log in"},
                       forbidden,
                       {429, "Too many failed log-ins", "Error"},
                       {504, "The database did not answer in time", "Error"}}},
          {.method = Method::get,
           .path = "/api/v1/session",
           .operation = "get_session",
           .summary = "Who asks, and what the role can do here",
           .handler = show,
           .answers = {{200, "The role and its database", "Session"}}},
          {.method = Method::remove,
           .path = "/api/v1/session",
           .operation = "end_session",
           .summary = "Logs out of the page, by its cookie and token",
           .handler = end,
           .for_everybody = true,
           .answers = {{204, "The session is forgotten"}, {401, "There is no such session"}, forbidden}}};
}

}  // namespace connector::http
