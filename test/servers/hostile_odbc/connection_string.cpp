#include "connection_string.hpp"

#include <cctype>

namespace hostile {

namespace {

std::string read_braced(std::string_view text, std::size_t& at) {
  std::string value;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '}') {
      if (at + 1 == text.size() || text[at + 1] != '}') break;
      ++at;
    }
    value += text[at];
  }
  return value;
}

}  // namespace

Attributes read_connection_string(std::string_view text) {
  Attributes found;
  for (std::size_t at = 0; at < text.size();) {
    std::string key;
    for (; at < text.size() && text[at] != '=' && text[at] != ';'; ++at)
      key += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at])));
    std::string value;
    if (at < text.size() && text[at] == '=') {
      ++at;
      if (at < text.size() && text[at] == '{') value = read_braced(text, at);
      for (; at < text.size() && text[at] != ';'; ++at)
        if (text[at] != '}') value += text[at];
    }
    ++at;
    if (!key.empty()) found.emplace(key, value);  // the first one counts
  }
  return found;
}

}  // namespace hostile
