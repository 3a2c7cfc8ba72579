#include "reader/environment.hpp"

#include <algorithm>
#include <stdexcept>

namespace connector::reader {

namespace {

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_of_name(char c) noexcept {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The value that begins at `at`, which is moved behind it.
std::string value_at(std::string_view list, std::size_t& at) {
  std::string value;
  if (at == list.size() || list[at] != '"') {
    while (at < list.size() && !is_blank(list[at])) value += list[at++];
    return value;
  }
  for (++at; at < list.size(); value += list[at++]) {
    if (list[at] != '"') continue;
    if (++at == list.size() || is_blank(list[at])) return value;
    if (list[at] != '"') break;
  }
  throw std::invalid_argument("A value in double quotes has no end, or something stands behind it.");
}

}  // namespace

std::vector<std::string> environment_list(std::string_view list) {
  std::vector<std::string> items;
  for (std::size_t at = 0;;) {
    while (at < list.size() && is_blank(list[at])) ++at;
    if (at == list.size()) return items;
    const std::size_t begin = at;
    while (at < list.size() && is_of_name(list[at])) ++at;
    const std::string_view name = list.substr(begin, at - begin);
    if (name.empty() || (name[0] >= '0' && name[0] <= '9') || at == list.size() || list[at] != '=') {
      throw std::invalid_argument("Each item must be NAME=value, with blanks between the items.");
    }
    ++at;
    std::string item(name);
    item += '=';
    items.push_back(item += value_at(list, at));
  }
}

}  // namespace connector::reader
