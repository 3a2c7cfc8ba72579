// JSON text as a tree that keeps what a request check has to see: duplicate keys, their order and spelling.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

struct JsonMember;

struct JsonValue {
  enum class Type { null, boolean, integer, decimal, string, array, object };

  Type type = Type::null;
  std::string text;                 ///< string: its value; boolean and numbers: the literal
  std::vector<JsonValue> items;     ///< array
  std::vector<JsonMember> members;  ///< object, as it was written
};

struct JsonMember {
  std::string key;
  JsonValue value;
};

/// Reads `text`. Throws Error (invalid_parameters) on malformed or too deeply nested JSON, with the position but
/// without any of the text, which may hold a password.
JsonValue parse_json(std::string_view text);

/// The value as compact JSON text.
std::string json_text(const JsonValue& value);

/// The type with its article, for messages: "a string".
std::string_view json_type_name(JsonValue::Type type) noexcept;

}  // namespace connector::core
