#include "api/json.hpp"

#include "pg/text.hpp"

namespace connector::api {

std::string json_text(const Json& json) {
  // A database whose encoding lacks a character still gets the result: JSON can escape it.
  return json.dump(-1, ' ', !pg::database_is_utf8(), Json::error_handler_t::replace);
}

namespace {

constexpr std::size_t line_width = 100;

void write(const Json& json, std::size_t indent, std::size_t used, std::string& text) {
  std::string line = json_text(json);
  if (!json.is_structured() || json.empty() || indent + used + line.size() <= line_width) {
    text += line;
    return;
  }
  const std::string margin(indent + 2, ' ');
  text += json.is_object() ? '{' : '[';
  bool first = true;
  for (auto entry = json.begin(); entry != json.end(); ++entry) {
    text += first ? "\n" : ",\n";
    first = false;
    text += margin;
    const std::string key = json.is_object() ? json_text(entry.key()) + ": " : "";
    text += key;
    write(*entry, indent + 2, key.size(), text);
  }
  text += '\n' + std::string(indent, ' ') + (json.is_object() ? '}' : ']');
}

}  // namespace

Datum json_datum(const Json& json) {
  return pg::text_datum(json_text(json));
}

Datum readable_json_datum(const Json& json) {
  std::string text;
  write(json, 0, 0, text);
  return pg::text_datum(text);
}

}  // namespace connector::api
