// Values of JSON, made.
#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.hpp"

namespace connector::probe {

inline core::JsonValue json(core::JsonValue::Type type, std::string text = {}) {
  core::JsonValue value;
  value.type = type;
  value.text = std::move(text);
  return value;
}

inline core::JsonValue json(std::string text) {
  return json(core::JsonValue::Type::string, std::move(text));
}

/// A template, so that a literal becomes a text.
inline core::JsonValue json(std::same_as<bool> auto value) {
  return json(core::JsonValue::Type::boolean, value ? "true" : "false");
}

inline core::JsonValue json(std::vector<core::JsonMember> members) {
  core::JsonValue value = json(core::JsonValue::Type::object);
  value.members = std::move(members);
  return value;
}

template <typename Items, typename Convert>
core::JsonValue json_array(const Items& items, const Convert& convert) {
  core::JsonValue array = json(core::JsonValue::Type::array);
  for (const auto& item : items) array.items.push_back(convert(item));
  return array;
}

inline core::JsonValue json(const std::vector<std::string>& texts) {
  return json_array(texts, [](const std::string& text) { return json(text); });
}

}  // namespace connector::probe
