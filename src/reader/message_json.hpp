// What messages have in common: JSON, and what may stand in it. Each function that reads throws core::Error, or what
// message() makes one of.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "reader/broken_reader.hpp"

namespace connector::reader {

using Json = nlohmann::json;

inline std::string written(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What `read` makes of the JSON. Json's own errors, for members that are not there or of another type, end here.
template <typename Read>
auto message(std::string_view text, Read&& read) {
  try {
    // What a tree of them takes is far more than the text: a hostile one would fill the memory.
    constexpr std::size_t most_values = 2'000'000;
    constexpr int deepest = 1000;
    std::size_t values = 0;
    const auto count = [&values](int depth, Json::parse_event_t /*event*/, const Json& /*value*/) {
      if (++values > most_values || depth > deepest) throw broken_reader("a message has too many values");
      return true;
    };
    return read(Json::parse(text, count));
  } catch (const Json::exception&) {
    throw broken_reader("a message has another form");
  }
}

inline std::string text_of(const Json& json) {
  std::string text = json.get<std::string>();
  if (text.find('\0') != std::string::npos) throw broken_reader("a text has a NUL");
  return text;
}

inline std::string text_at(const Json& json, const char* key) {
  return text_of(json.at(key));
}

/// Json's own get() turns any number into any other, and a fraction beyond the range of Integer is undefined there.
template <typename Integer>
Integer integer_of(const Json& json) {
  const auto in_range = [](auto number) {
    if (!std::in_range<Integer>(number)) throw broken_reader("a number is out of range");
    return static_cast<Integer>(number);
  };
  if (json.is_number_unsigned()) return in_range(json.get<std::uint64_t>());
  if (json.is_number_integer()) return in_range(json.get<std::int64_t>());
  throw broken_reader("a number is no whole one");
}

template <typename Enum>
Enum word_at(const Json& json, const char* key, Enum last) {
  const auto number = integer_of<std::uint64_t>(json.at(key));
  if (number > static_cast<std::uint64_t>(last)) throw broken_reader("a word is none of those there are");
  return static_cast<Enum>(number);
}

template <typename Enum>
std::uint64_t number_of(Enum word) noexcept {
  return static_cast<std::uint64_t>(word);
}

inline Json optional_json(const auto& value) {
  return value ? Json(*value) : Json(nullptr);
}

inline std::optional<std::int64_t> optional_number(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(integer_of<std::int64_t>(json));
}

inline std::optional<std::string> optional_text(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(text_of(json));
}

template <typename Item, typename Read>
std::vector<Item> list_of(const Json& json, Read&& read) {
  std::vector<Item> items;
  for (const Json& item : json.get_ref<const Json::array_t&>()) items.push_back(read(item));
  return items;
}

inline std::vector<std::uint64_t> numbers_of(const Json& json) {
  return list_of<std::uint64_t>(json, integer_of<std::uint64_t>);
}

inline Json json_list(const auto& items, auto&& write) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(write(item));
  return list;
}

inline std::map<std::string, std::string, std::less<>> texts_of(const Json& json) {
  std::map<std::string, std::string, std::less<>> texts;
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>()) texts.emplace(key, text_of(value));
  return texts;
}

}  // namespace connector::reader
