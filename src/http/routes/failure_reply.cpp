#include "http/routes/failure_reply.hpp"

#include <string_view>

namespace connector::http {

unsigned failure_status(const SqlFailure& failure) noexcept {
  switch (failure.number) {
    case 6669:  // too many at once
      return 429;
    case 6667:  // timed out
    case 6673:  // the remote fell silent
      return 504;
    case 0:
      break;
    default:
      return 400;
  }
  const std::string_view code = failure.sqlstate;
  if (code.empty() || code.starts_with("08") || code.starts_with("53") || code.starts_with("57P")) return 503;
  if (code == "42501") return 403;
  if (code == "57014") return 504;
  // Read only; data, values and names that PostgreSQL does not take.
  if (code == "25006" || code.starts_with("22") || code.starts_with("23") || code.starts_with("42")) return 400;
  return 500;
}

Reply failure_reply(const SqlFailure& failure) {
  Json body = {{"errors", failure.message}};
  if (!failure.detail.empty()) body["detail"] = failure.detail;
  if (!failure.hint.empty()) body["hint"] = failure.hint;
  if (failure.number != 0) body["error_code"] = failure.number;
  if (!failure.sqlstate.empty()) body["sqlstate"] = failure.sqlstate;
  return json_reply(body, failure_status(failure));
}

Reply stopped_reply() {
  return error_reply(504, "the database did not answer in time");
}

Reply login_failure_reply(const LoginFailure& failure) {
  if (failure.reason == LoginFailure::Reason::no_extension) {
    return error_reply(503, "the extension connector is not installed in this database");
  }
  if (failure.reason == LoginFailure::Reason::unavailable) return error_reply(503, "the database is not available");
  return {.status = 401};
}

}  // namespace connector::http
