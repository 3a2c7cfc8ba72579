// Whether a text is a uuid.
#pragma once

#include <string_view>

namespace connector::http {

/// 36 characters, in either case: the form in which PostgreSQL writes uuids, which takes others too.
bool is_uuid(std::string_view text) noexcept;

}  // namespace connector::http
