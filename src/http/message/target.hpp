// The target of a request, `/user/alice/api/v1/imports/?api_key=x`, taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

struct Target {
  std::vector<std::string> path{};         ///< decoded segments; one slash at the end is left out
  std::optional<std::string> path_user{};  ///< of /user/NAME and /u/NAME before the rest, which `path` does not have
  Parameters query{};
};

/// Throws Refusal (400) for what is no path, an escape that is none, a NUL or text that is not UTF-8, empty segments
/// within, `.` and `..`, or more than 200 parameters.
Target read_target(std::string_view text);

/// Decodes %XX, and + as a blank if `form`. Throws Refusal (400) as read_target().
std::string percent_decoded(std::string_view text, bool form);

}  // namespace connector::http
