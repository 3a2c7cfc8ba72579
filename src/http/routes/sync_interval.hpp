// Intervals of syncs as requests have them.
#pragma once

#include <optional>

#include "http/routes/call.hpp"

namespace connector::http {

/// What SQL reads as an interval: a number of seconds or the text that was given. Throws Refusal (400) for what is
/// neither a number nor a text.
Value interval_value(const std::optional<core::JsonValue>& given);

/// The answer to a failure of a call that set an interval: in the original's words if it is too short.
Task<Reply> interval_failure_reply(Call& call, SqlFailure failure, Value interval);

}  // namespace connector::http
