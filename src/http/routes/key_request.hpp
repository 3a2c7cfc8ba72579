// What a request for a new key asks for.
#pragma once

#include <optional>
#include <string>

#include "http/message/request.hpp"

namespace connector::http {

struct KeyRequest {
  std::string label;
  std::optional<std::string> lifetime;  ///< in seconds, as a number's text
  std::optional<std::string> end;       ///< a time as PostgreSQL reads it, with its zone; neither: it does not expire
};

/// How long a key lives for which nothing else is asked: a year, in seconds.
constexpr const char* default_key_lifetime = "31536000";

/// Reads `label` (at most 200 characters) and `expires`: a number of seconds from now, a time by ISO 8601 (UTC, unless
/// it has a zone), or null for never. Throws Refusal (400), for a member that is given twice as well.
KeyRequest read_key_request(const Request& request);

}  // namespace connector::http
