// Parameters of calls that list something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

/// The parameter `limit`, a whole number from 1 to `most`. Throws Refusal (400) if it is another one, or none.
std::int64_t limit_of(const Parameters& query, std::int64_t unless_given, std::int64_t most);

/// A parameter that is an id, if it is given. Throws Refusal (400) if it is none.
std::optional<std::string> id_of(const Parameters& query, std::string_view name);

/// The parameter `search`; an empty one is none. Throws Refusal (400) if it has more than 200 characters.
std::optional<std::string> search_of(const Parameters& query);

}  // namespace connector::http
