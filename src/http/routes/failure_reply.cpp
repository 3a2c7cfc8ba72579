#include "http/routes/failure_reply.hpp"

#include <algorithm>
#include <string_view>

namespace connector::http {

namespace {

/// What the connector's own numbers mean to a caller of the API.
unsigned status_of_number(int number) noexcept {
  switch (number) {
    case 1501:  // the provider, or what this role may do, is switched off
      return 403;
    case 6669:  // too many at once
      return 429;
    case 6667:  // timed out
    case 6672:  // cancelled, for example by statement_timeout
    case 6673:  // the remote fell silent
      return 504;
    case 6671:   // a process was lost
    case 99999:  // unknown
      return 500;
    default:
      return 400;
  }
}

/// Classes and codes of PostgreSQL (documentation, appendix A).
unsigned status_of_sqlstate(std::string_view code) noexcept {
  const std::string_view class_of_code = code.substr(0, 2);
  const auto is_class_in = [class_of_code](std::initializer_list<std::string_view> classes) {
    return std::find(classes.begin(), classes.end(), class_of_code) != classes.end();
  };
  // Insufficient privilege, a read-only transaction (a standby, say), invalid authorization.
  if (code == "42501" || code == "25006" || class_of_code == "28") return 403;
  if (code == "57014") return 504;  // statement_timeout, or cancelled by somebody
  // The connection was lost; deadlocks and the like; no connection, memory or disk space; a shutdown.
  if (code.empty() || is_class_in({"08", "40", "53"}) || code == "55P03" || code.starts_with("57P")) return 503;
  // What is not supported, values, constraints, what others depend on, a schema that is not there, syntax and names,
  // limits of the program.
  if (is_class_in({"0A", "22", "23", "2B", "3D", "3F", "42", "44", "54"})) return 400;
  return 500;
}

}  // namespace

unsigned failure_status(const SqlFailure& failure) noexcept {
  return failure.number != 0 ? status_of_number(failure.number) : status_of_sqlstate(failure.sqlstate);
}

Reply failure_reply(const SqlFailure& failure) {
  Json body;
  body["errors"] = failure.message;
  return failure_reply(failure, failure_status(failure), std::move(body));
}

Reply failure_reply(const SqlFailure& failure, unsigned status, Json body) {
  if (!failure.detail.empty()) body["detail"] = failure.detail;
  if (!failure.hint.empty()) body["hint"] = failure.hint;
  if (failure.number != 0) body["error_code"] = failure.number;
  if (!failure.sqlstate.empty()) body["sqlstate"] = failure.sqlstate;
  if (!failure.parameter.empty()) body["parameter"] = failure.parameter;
  return json_reply(body, status);
}

Task<Reply> too_many_reply(Call& call, SqlFailure failure, const char* limit_statement, std::string message) {
  constexpr std::chrono::seconds wait(10);
  constexpr std::string_view placeholder = "{limit}";
  const Rows rows = co_await call.query(limit_statement);
  const std::string limit = value_at(rows, 0, 0).value_or("0");
  if (message.empty()) message = failure.message;
  if (const std::size_t at = message.find(placeholder); at != std::string::npos) {
    message.replace(at, placeholder.size(), limit);
  }
  Json body;
  body["errors"] = std::move(message);
  Reply reply = failure_reply(failure, 429, std::move(body));
  add_limit_headers(reply, limit, wait);
  co_return reply;
}

Reply stopped_reply() {
  return error_reply(504, "the database did not answer in time");
}

Reply login_failure_reply(const LoginFailure& failure) {
  if (failure.reason == LoginFailure::Reason::no_extension) {
    return error_reply(503, "the extension connector is not installed in this database");
  }
  if (failure.reason == LoginFailure::Reason::unavailable) return error_reply(503, "the database is not available");
  if (failure.reason == LoginFailure::Reason::no_keys) {
    return json_reply(
        {{"errors", "issued keys can't be read"},
         {"hint",
          "connector-http needs a role of its own for them: user=connector_http in its CONNINFO, with the "
          "role's password, and GRANT EXECUTE ON FUNCTION connector.sealed_api_key TO that role. Its log "
          "has the reason."}},
        503);
  }
  return {.status = 401};
}

}  // namespace connector::http
