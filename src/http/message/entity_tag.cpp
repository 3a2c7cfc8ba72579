#include "http/message/entity_tag.hpp"

#include <algorithm>

namespace connector::http {

namespace {

void skip(std::string_view& text, std::string_view characters) noexcept {
  text.remove_prefix(std::min(text.find_first_not_of(characters), text.size()));
}

}  // namespace

bool names_tag(std::string_view if_none_match, std::string_view tag) noexcept {
  constexpr std::string_view blanks = " \t";
  skip(if_none_match, blanks);
  if (if_none_match.starts_with('*')) {
    if_none_match.remove_prefix(1);
    skip(if_none_match, blanks);
    return if_none_match.empty();
  }
  for (;;) {
    skip(if_none_match, " \t,");
    if (if_none_match.starts_with("W/")) if_none_match.remove_prefix(2);
    if (!if_none_match.starts_with('"')) return false;
    const std::size_t end = if_none_match.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (if_none_match.substr(0, end + 1) == tag) return true;
    if_none_match.remove_prefix(end + 1);
    skip(if_none_match, blanks);
    if (!if_none_match.starts_with(',')) return false;
  }
}

}  // namespace connector::http
