// Texts without what stands around them.
#pragma once

#include <string_view>

namespace connector::core {

/// `text` without the characters of `unwanted` at its begin and end.
constexpr std::string_view trimmed(std::string_view text, std::string_view unwanted) noexcept {
  const auto first = text.find_first_not_of(unwanted);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(unwanted) - first + 1);
}

}  // namespace connector::core
