#include "core/request/name_patterns.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace connector::core {

namespace {

bool is_pattern(std::string_view text) {
  return text.find_first_of("*?") != std::string_view::npos;
}

/// The position behind the character that begins at `at`.
std::size_t next_character(std::string_view text, std::size_t at) noexcept {
  do {
    ++at;
  } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
  return at;
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return pattern == name || matches_pattern(name, pattern); });
}

}  // namespace

bool matches_pattern(std::string_view text, std::string_view pattern) noexcept {
  // Where it fails, the last star takes one character more. No earlier one has to: what lies between two stars may
  // match as early as it can.
  std::size_t at = 0;
  std::size_t in_pattern = 0;
  std::size_t behind_star = std::string_view::npos;
  std::size_t star_end = 0;
  while (at < text.size()) {
    const bool more = in_pattern < pattern.size();
    if (more && pattern[in_pattern] == '*') {
      behind_star = ++in_pattern;
      star_end = at;
    } else if (more && pattern[in_pattern] == '?') {
      ++in_pattern;
      at = next_character(text, at);
    } else if (more && pattern[in_pattern] == text[at]) {
      ++in_pattern;
      ++at;
    } else if (behind_star != std::string_view::npos) {
      in_pattern = behind_star;
      at = star_end = next_character(text, star_end);
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', in_pattern) == std::string_view::npos;
}

NamePatterns::NamePatterns(std::vector<std::string> list) : list_(std::move(list)) {
  for (const std::string& entry : list_) {
    if (entry.starts_with('!')) {
      excluded_.push_back(entry.substr(1));
    } else {
      included_.push_back(entry);
    }
  }
}

bool NamePatterns::names(std::string_view name) const {
  return std::ranges::find(list_, name) != list_.end();
}

bool NamePatterns::matches(std::string_view name) const {
  const bool all_others = included_.empty() && !excluded_.empty();
  return (all_others || names(name) || any_matches(included_, name)) && !any_matches(excluded_, name);
}

std::vector<std::string> NamePatterns::plain_names() const {
  std::vector<std::string> names;
  std::ranges::copy_if(included_, std::back_inserter(names),
                       [](const std::string& entry) { return !is_pattern(entry); });
  return names;
}

}  // namespace connector::core
