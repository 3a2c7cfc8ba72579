// What a caller is told of a failure.
#pragma once

#include <string>

#include "http/routes/call.hpp"

namespace connector::http {

/// `{"errors": message, "detail", "hint", "error_code", "sqlstate", "parameter"}`, as far as there are such, with
/// failure_status().
Reply failure_reply(const SqlFailure& failure);

/// The same, where a call has its own status, and its own members in place of `errors`.
Reply failure_reply(const SqlFailure& failure, unsigned status, Json body);

/// 429 for a failure of that status, with the headers that belong to it. `limit_statement` selects how many there may
/// be; "{limit}" in `message` stands for that number. Without a message it is the failure's own.
Task<Reply> too_many_reply(Call& call, SqlFailure failure, const char* limit_statement, std::string message = {});

/// What follows from the connector's number or, without one, from the SQLSTATE: 400 for what the caller can mend, 403
/// for what he may not do, 429, 503 for what may work later, 504 for what took too long, else 500.
unsigned failure_status(const SqlFailure& failure) noexcept;

Reply stopped_reply();

/// 401 without a body for a login that PostgreSQL refused, else 503 without a reason: that is for the log.
Reply login_failure_reply(const LoginFailure& failure);

}  // namespace connector::http
