#include "core/request/column_choices.hpp"

#include <set>

#include "core/base/trim.hpp"
#include "core/base/utf8.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

namespace {

constexpr std::string_view key = "columns";
constexpr std::string_view spaces = " \t\r\n\f\v";

/// Length of the quoted part that `text` starts with, a doubled quote being one inside; 0 if it does not end.
std::size_t quoted_length(std::string_view text) {
  const char quote = text.front();
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote) {
      ++i;
    } else {
      return i + 1;
    }
  }
  return 0;
}

/// Splits at the commas outside parentheses and quotes. Nothing if those are not balanced. What is behind too many
/// entries is not looked at.
std::optional<std::vector<std::string_view>> split_list(std::string_view text) {
  std::vector<std::string_view> entries;
  std::size_t start = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size() && entries.size() <= max_listed_columns; ++i) {
    switch (text[i]) {
      case '"':
      case '\'': {
        const std::size_t length = quoted_length(text.substr(i));
        if (length == 0) return std::nullopt;
        i += length - 1;
        break;
      }
      case '(':
        ++depth;
        break;
      case ')':
        if (depth == 0) return std::nullopt;
        --depth;
        break;
      case ',':
        if (depth > 0) break;
        entries.push_back(trimmed(text.substr(start, i - start), spaces));
        start = i + 1;
        break;
      default:
        break;
    }
  }
  if (depth > 0) return std::nullopt;
  if (entries.size() > max_listed_columns) return entries;
  entries.push_back(trimmed(text.substr(start), spaces));
  return entries;
}

std::string unquoted(std::string_view text) {
  const char quote = text.front();
  std::string result;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    result += text[i];
    if (text[i] == quote) ++i;
  }
  return result;
}

/// `name`, `name type`, `"name" type`; not empty.
ColumnChoice column_choice(std::string_view entry) {
  std::size_t end = entry.front() == '"' ? quoted_length(entry) : entry.find_first_of(spaces);
  if (end == std::string_view::npos) end = entry.size();
  ColumnChoice choice;
  choice.name = entry.front() == '"' ? unquoted(entry.substr(0, end)) : std::string(entry.substr(0, end));
  const std::string_view type = trimmed(entry.substr(end), spaces);
  if (!type.empty()) choice.type = type;
  return choice;
}

}  // namespace

std::string too_many_columns(std::string_view key) {
  return "Key \"" + std::string(key) + "\" names more than " + std::to_string(max_listed_columns) +
         " columns; no table has as many.";
}

std::vector<ColumnChoice> read_columns(const ObjectReader& reader, Problems& problems) {
  std::vector<ColumnChoice> choices;
  const JsonValue* value = reader.value(key);
  if (value == nullptr) return choices;
  const auto report = [&](std::string_view what) { problems.add(std::string(key), what); };
  switch (value->type) {
    case JsonValue::Type::array:
      for (const JsonValue& item : value->items) {
        if (item.type != JsonValue::Type::string) {
          report("Each element of key \"columns\" must be a string, not " + std::string(json_type_name(item.type)) +
                 '.');
          return {};
        }
        choices.push_back({item.text, std::nullopt});
      }
      break;
    case JsonValue::Type::object:
      if (reader.report_nul(key, *value)) return {};
      for (const JsonMember& member : value->members) {
        ColumnChoice& choice = choices.emplace_back(ColumnChoice{member.key, std::nullopt});
        if (member.value.type == JsonValue::Type::null) continue;
        if (member.value.type != JsonValue::Type::string || is_blank(member.value.text)) {
          report("The type of column " + core::quoted(member.key) + " in key \"columns\" must be a string or null.");
          return {};
        }
        choice.type = member.value.text;
      }
      break;
    case JsonValue::Type::string: {
      if (is_blank(value->text)) return choices;
      const auto entries = split_list(value->text);
      if (!entries) {
        report("Key \"columns\" has a quote or parenthesis without its counterpart.");
        return {};
      }
      for (const std::string_view entry : *entries) {
        choices.push_back(entry.empty() ? ColumnChoice{} : column_choice(entry));
      }
      break;
    }
    default:
      reader.wrong_type(key, *value, "an array, an object or a string");
      return choices;
  }
  if (choices.size() > max_listed_columns) {
    report(too_many_columns(key));
    return {};
  }
  if (choices.empty()) report("Key \"columns\" must name a column; without the key, all columns are read.");
  std::set<std::string_view> names;
  for (const ColumnChoice& choice : choices) {
    if (choice.name.empty()) {
      report("Key \"columns\" has an entry without a column name.");
    } else if (!names.insert(choice.name).second) {
      report("Key \"columns\" names column " + core::quoted(choice.name) + " twice.");
    }
  }
  return choices;
}

}  // namespace connector::core
