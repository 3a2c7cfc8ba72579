// Lists as text.
#pragma once

#include <string>
#include <string_view>

namespace connector::core {

/// Adds an item to a list that is being written, with the separator before it unless it is the first.
inline void add_item(std::string& list, std::string_view item, std::string_view separator = ", ") {
  if (!list.empty()) list += separator;
  list += item;
}

/// The items, texts, with `prefix` before each and the separator in between.
template <typename Items>
std::string joined(const Items& items, std::string_view separator = ", ", std::string_view prefix = "") {
  std::string list;
  bool first = true;
  for (const auto& item : items) {
    if (!first) list += separator;
    first = false;
    list += prefix;
    list += item;
  }
  return list;
}

}  // namespace connector::core
