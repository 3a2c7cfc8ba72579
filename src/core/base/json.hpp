// JSON text as a tree that keeps what a request check has to see: duplicate keys, their order and spelling.
#pragma once

#include <cstddef>
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

/// What a request may be at most: its bytes, and the values in it, those of members and of items.
constexpr std::size_t max_json_bytes = 1024 * 1024;
constexpr std::size_t max_json_values = 10'000;

/// Throws Error (invalid_parameters) if a text of this length is longer than `most`.
void check_json_length(std::size_t bytes, std::size_t most = max_json_bytes);

/// Reads `text`. Throws Error (invalid_parameters) on JSON that is malformed, nested too deeply, longer than
/// `max_bytes` or of more than max_json_values values: with the position but without any of the text, which may hold a
/// password.
JsonValue parse_json(std::string_view text, std::size_t max_bytes = max_json_bytes);

/// The value as compact JSON text, which is never longer than the text that the value was read from.
std::string json_text(const JsonValue& value);

/// The type with its article, for messages: "a string".
std::string_view json_type_name(JsonValue::Type type) noexcept;

}  // namespace connector::core
