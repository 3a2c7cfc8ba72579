// Blanks around values of headers.
#pragma once

#include <algorithm>
#include <string_view>

namespace connector::http {

/// The text without spaces and tabs before and behind it.
inline std::string_view without_blanks(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace connector::http
