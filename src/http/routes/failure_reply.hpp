// What a caller is told of a failure.
#pragma once

#include <string>

#include "http/database/session.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

/// `{"errors": message, "detail", "hint", "error_code", "sqlstate"}`, as far as there are such, with a status that
/// follows from the connector's number or the SQLSTATE: 400 for what the caller can mend, 403, 429, 503, 504, else 500.
Reply failure_reply(const SqlFailure& failure);

/// The status alone.
unsigned failure_status(const SqlFailure& failure) noexcept;

Reply stopped_reply();

/// 401 without a body for a login that PostgreSQL refused, else 503 without a reason: that is for the log.
Reply login_failure_reply(const LoginFailure& failure);

}  // namespace connector::http
