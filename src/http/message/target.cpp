#include "http/message/target.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/utf8.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

constexpr std::size_t most_parameters = 200;

[[noreturn]] void refuse(const char* what) {
  throw Refusal{error_reply(400, what)};
}

Parameters read_query(std::string_view text) {
  Parameters parameters;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    if (parameters.size() == most_parameters) refuse("too many parameters");
    const std::size_t equals = std::min(pair.find('='), pair.size());
    parameters.emplace_back(percent_decoded(pair.substr(0, equals), true),
                            percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true));
  }
  return parameters;
}

}  // namespace

std::string percent_decoded(std::string_view text, bool form) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && form) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      unsigned char byte = 0;
      const char* begin = text.data() + i + 1;
      if (text.size() - i < 3 || std::from_chars(begin, begin + 2, byte, 16).ptr != begin + 2) {
        refuse("a percent sign is not followed by two hexadecimal digits");
      }
      decoded += static_cast<char>(byte);
      i += 2;
    }
  }
  if (decoded.find('\0') != std::string::npos) refuse("a zero byte in the address");
  if (!core::is_text(decoded)) refuse("the address is not UTF-8");
  return decoded;
}

Target read_target(std::string_view text) {
  if (text.empty() || text.front() != '/') refuse("the address must be a path");
  const std::size_t end = std::min(text.find('?'), text.size());
  std::string_view path = text.substr(1, end - 1);
  Target target{.query = read_query(text.substr(std::min(end + 1, text.size())))};
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    target.path.push_back(percent_decoded(segment, false));
    const std::string& decoded = target.path.back();
    if (decoded.empty() || decoded == "." || decoded == "..") refuse("the path has an empty segment, . or ..");
  }
  if (target.path.size() >= 2 && (target.path[0] == "user" || target.path[0] == "u")) {
    target.path_user = target.path[1];
    target.path.erase(target.path.begin(), target.path.begin() + 2);
  }
  return target;
}

}  // namespace connector::http
