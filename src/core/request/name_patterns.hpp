// Which of many tables are meant: a list of names and patterns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

/// A list of names and of patterns, in which `*` stands for any characters and `?` for one. What has `!` before it
/// excludes, whatever else the list has. A name that stands in the list as it is means itself, whatever characters it
/// has.
class NamePatterns {
 public:
  /// UTF-8.
  explicit NamePatterns(std::vector<std::string> list);

  /// Whether the list has the very name.
  bool names(std::string_view name) const;
  /// Whether the name is meant, and not excluded. A list that only excludes means all others.
  bool matches(std::string_view name) const;
  /// The names in the list: what is no pattern and excludes nothing.
  std::vector<std::string> plain_names() const;

 private:
  std::vector<std::string> list_;
  std::vector<std::string> included_;
  std::vector<std::string> excluded_;  ///< without their `!`
};

/// Whether the whole text is matched by the pattern. `?` is a character of UTF-8, not a byte.
bool matches_pattern(std::string_view text, std::string_view pattern) noexcept;

}  // namespace connector::core
