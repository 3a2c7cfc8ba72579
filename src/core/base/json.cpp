#include "core/base/json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <utility>

#include "core/base/error.hpp"

namespace connector::core {

namespace {

/// A request has four levels; more than this is no request, and the tree is walked recursively.
constexpr std::size_t max_depth = 32;

/// Receives the parser's events (nlohmann's SAX interface: false stops the parser) and builds the tree.
class TreeBuilder {
 public:
  using string_t = nlohmann::json::string_t;

  JsonValue root;
  std::size_t error_position = 0;
  bool too_deep = false;
  bool too_many = false;

  bool null() { return add({}); }
  bool boolean(bool value) { return literal(JsonValue::Type::boolean, value ? "true" : "false"); }
  bool number_integer(std::int64_t value) { return literal(JsonValue::Type::integer, std::to_string(value)); }
  bool number_unsigned(std::uint64_t value) { return literal(JsonValue::Type::integer, std::to_string(value)); }
  bool number_float(double, const string_t& token) { return literal(JsonValue::Type::decimal, token); }
  bool string(string_t& value) { return literal(JsonValue::Type::string, std::move(value)); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool start_object(std::size_t) { return start(JsonValue::Type::object); }
  bool start_array(std::size_t) { return start(JsonValue::Type::array); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool key(string_t& value) {
    open_.back()->members.push_back({std::move(value), {}});
    return true;
  }
  // The exception's text quotes the input: it is dropped.
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    error_position = position;
    return false;
  }

 private:
  bool count() {
    too_many = ++values_ > max_json_values;
    return !too_many;
  }
  JsonValue& place() {
    if (open_.empty()) return root;
    JsonValue& parent = *open_.back();
    if (parent.type == JsonValue::Type::object) return parent.members.back().value;
    return parent.items.emplace_back();
  }
  bool add(JsonValue value) {
    if (!count()) return false;
    place() = std::move(value);
    return true;
  }
  bool literal(JsonValue::Type type, std::string text) {
    JsonValue value;
    value.type = type;
    value.text = std::move(text);
    return add(std::move(value));
  }
  bool start(JsonValue::Type type) {
    if (open_.size() == max_depth) {
      too_deep = true;
      return false;
    }
    if (!count()) return false;
    JsonValue& value = place();
    value.type = type;
    open_.push_back(&value);
    return true;
  }
  bool end() {
    open_.pop_back();
    return true;
  }

  // Only the innermost open container grows, so that the addresses of those around it stay.
  std::vector<JsonValue*> open_;
  std::size_t values_ = 0;
};

void append_string(std::string& to, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  static constexpr std::string_view characters = "\"\\\b\f\n\r\t";
  static constexpr std::string_view letters = "\"\\bfnrt";
  to += '"';
  for (const char c : text) {
    if (const auto escape = characters.find(c); escape != std::string_view::npos) {
      to += '\\';
      to += letters[escape];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      to += "\\u00";
      to += digits[static_cast<unsigned char>(c) >> 4];
      to += digits[c & 15];
    } else {
      to += c;
    }
  }
  to += '"';
}

void append_value(std::string& to, const JsonValue& value) {
  switch (value.type) {
    case JsonValue::Type::null:
      to += "null";
      break;
    case JsonValue::Type::boolean:
    case JsonValue::Type::integer:
    case JsonValue::Type::decimal:
      to += value.text;
      break;
    case JsonValue::Type::string:
      append_string(to, value.text);
      break;
    case JsonValue::Type::array: {
      to += '[';
      const char* separator = "";
      for (const JsonValue& item : value.items) {
        to += std::exchange(separator, ",");
        append_value(to, item);
      }
      to += ']';
      break;
    }
    case JsonValue::Type::object: {
      to += '{';
      const char* separator = "";
      for (const JsonMember& member : value.members) {
        to += std::exchange(separator, ",");
        append_string(to, member.key);
        to += ':';
        append_value(to, member.value);
      }
      to += '}';
      break;
    }
  }
}

}  // namespace

void check_json_length(std::size_t bytes, std::size_t most) {
  if (bytes <= most) return;
  throw Error(ErrorNumber::invalid_parameters, "the connector JSON is too long",
              "It has " + std::to_string(bytes) + " bytes; at most " + std::to_string(most) + " are allowed.",
              "Leave out what is not needed, or make a view of a long query on the remote server.");
}

JsonValue parse_json(std::string_view text, std::size_t max_bytes) {
  check_json_length(text.size(), max_bytes);
  TreeBuilder builder;
  // The library takes a NUL for the end of its input, and would not look at what is behind it.
  builder.error_position = std::min(text.find('\0'), text.size());
  if (builder.error_position < text.size() || !nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.too_many) {
      throw Error(ErrorNumber::invalid_parameters, "the connector JSON has too many values",
                  "At most " + std::to_string(max_json_values) + " are allowed, of members and items together.",
                  "Leave out what is not needed.");
    }
    throw Error(ErrorNumber::invalid_parameters, "malformed connector JSON",
                builder.too_deep ? "The JSON is nested too deeply."
                                 : "The text is no valid JSON at byte " + std::to_string(builder.error_position) + '.',
                "json_build_object() writes JSON that is well formed.");
  }
  return std::move(builder.root);
}

std::string json_text(const JsonValue& value) {
  std::string result;
  append_value(result, value);
  return result;
}

std::string_view json_type_name(JsonValue::Type type) noexcept {
  switch (type) {
    case JsonValue::Type::null:
      return "null";
    case JsonValue::Type::boolean:
      return "a boolean";
    case JsonValue::Type::integer:
      return "an integer";
    case JsonValue::Type::decimal:
      return "a number";
    case JsonValue::Type::string:
      return "a string";
    case JsonValue::Type::array:
      return "an array";
    case JsonValue::Type::object:
      return "an object";
  }
  return "a value";
}

}  // namespace connector::core
