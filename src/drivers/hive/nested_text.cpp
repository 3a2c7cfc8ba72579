#include "drivers/hive/nested_text.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace connector::hive {

namespace {

bool is_json(std::string_view text) {
  return nlohmann::json::accept(text.begin(), text.end());
}

/// The position behind a string that begins at `at`.
std::size_t behind_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return std::min(at + 1, text.size());
}

/// Keys that are no strings, in quotes.
std::string with_quoted_keys(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 16);
  std::vector<bool> in_object;
  bool at_key = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (at_key && c != '"' && c != '}' && c != ' ' && c != '{' && c != '[') {
      const std::size_t colon = std::min(text.find(':', at), text.size());
      result += '"';
      result += text.substr(at, colon - at);
      result += '"';
      at = colon;
      at_key = false;
      continue;
    }
    std::size_t end = at + 1;
    if (c == '"') {
      end = behind_string(text, at);
      at_key = false;
    } else if (c == '{' || c == '[') {
      in_object.push_back(c == '{');
      at_key = c == '{';
    } else if (c == '}' || c == ']') {
      if (!in_object.empty()) in_object.pop_back();
      at_key = false;
    } else if (c == ',') {
      at_key = !in_object.empty() && in_object.back();
    }
    result += text.substr(at, end - at);
    at = end;
  }
  return result;
}

}  // namespace

std::optional<std::string_view> nested_json(std::string_view text, std::string& repaired) {
  if (is_json(text)) return text;
  repaired = with_quoted_keys(text);
  if (is_json(repaired)) return repaired;
  return std::nullopt;
}

}  // namespace connector::hive
