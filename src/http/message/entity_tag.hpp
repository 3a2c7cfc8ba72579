// Whether a client has what it asks for already.
#pragma once

#include <string_view>

namespace connector::http {

/// Whether an If-None-Match names this tag (`"…"`), in a list of such, weak ones (`W/"…"`) too, or as `*`. What is no
/// list of tags names none from where it is none.
bool names_tag(std::string_view if_none_match, std::string_view tag) noexcept;

}  // namespace connector::http
