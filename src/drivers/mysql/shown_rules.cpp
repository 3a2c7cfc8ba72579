#include "drivers/mysql/shown_rules.hpp"

#include <algorithm>
#include <optional>

namespace connector::mysql {

namespace {

using core::ForeignKeyAction;

bool is_quote(char c) {
  return c == '`' || c == '"';
}

/// The name that begins with a quote at `at`, which is set behind its end; nothing if it has none.
std::optional<std::string> quoted_name(std::string_view text, std::size_t& at) {
  if (at >= text.size() || !is_quote(text[at])) return std::nullopt;
  const char quote = text[at++];
  std::string name;
  while (at < text.size()) {
    const char c = text[at++];
    if (c != quote) {
      name += c;
    } else if (at < text.size() && text[at] == quote) {
      name += quote;
      ++at;
    } else {
      return name;
    }
  }
  return std::nullopt;
}

/// What stands behind the last closing parenthesis that is no part of a name.
std::string_view behind_parentheses(std::string_view line) {
  std::size_t end = line.size();
  for (std::size_t at = 0; at < line.size();) {
    if (is_quote(line[at])) {
      if (!quoted_name(line, at)) return {};
    } else if (line[at++] == ')') {
      end = at;
    }
  }
  return line.substr(end);
}

/// The action behind `event`, " ON DELETE ".
ForeignKeyAction action_behind(std::string_view rules, std::string_view event) {
  const std::size_t found = rules.find(event);
  if (found == std::string_view::npos) return ForeignKeyAction::no_action;
  const std::string_view words = rules.substr(found + event.size());
  for (const std::string_view word : {"CASCADE", "SET NULL", "SET DEFAULT"}) {
    if (words.starts_with(word)) return action_of(word);
  }
  return ForeignKeyAction::no_action;
}

}  // namespace

ForeignKeyAction action_of(std::string_view word) noexcept {
  if (word == "CASCADE") return ForeignKeyAction::cascade;
  if (word == "SET NULL") return ForeignKeyAction::set_null;
  if (word == "SET DEFAULT") return ForeignKeyAction::set_default;
  return ForeignKeyAction::no_action;
}

std::map<std::string, ForeignKeyRules> shown_rules(std::string_view create_table) {
  constexpr std::string_view constraint = "CONSTRAINT ";
  constexpr std::string_view foreign_key = " FOREIGN KEY ";
  std::map<std::string, ForeignKeyRules> rules;
  while (!create_table.empty()) {
    const std::size_t end = std::min(create_table.find('\n'), create_table.size());
    std::string_view line = create_table.substr(0, end);
    create_table.remove_prefix(std::min(end + 1, create_table.size()));
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (!line.starts_with(constraint)) continue;
    std::size_t at = constraint.size();
    const std::optional<std::string> name = quoted_name(line, at);
    if (!name || !line.substr(at).starts_with(foreign_key)) continue;
    const std::string_view tail = behind_parentheses(line);
    rules[*name] = {action_behind(tail, " ON DELETE "), action_behind(tail, " ON UPDATE ")};
  }
  return rules;
}

}  // namespace connector::mysql
