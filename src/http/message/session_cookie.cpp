#include "http/message/session_cookie.hpp"

#include <algorithm>

#include "http/message/blanks.hpp"
#include "http/message/browser.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

constexpr std::size_t most_values = 16;

std::string_view cookie_name(bool is_secure) noexcept {
  return is_secure ? "__Host-connector_session" : "connector_session";
}

}  // namespace

std::vector<std::string> cookie_values(std::string_view header, std::string_view name) {
  std::vector<std::string> values;
  while (!header.empty() && values.size() < most_values) {
    const std::string_view pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || without_blanks(pair.substr(0, equals)) != name) continue;
    values.emplace_back(without_blanks(pair.substr(equals + 1)));
  }
  return values;
}

std::vector<SessionKey> read_session_keys(const Request& request) {
  if (!request.cookie) return {};
  std::vector<SessionKey> keys;
  for (std::string& id : cookie_values(*request.cookie, cookie_name(request.is_secure))) {
    keys.push_back({.id = std::move(id), .token = request.token.value_or("")});
  }
  if (keys.empty()) return {};
  require_browser(request);
  if (!request.token) throw Refusal{{.status = 401}};
  return keys;
}

std::string session_cookie(std::string_view id, bool is_secure) {
  std::string text(cookie_name(is_secure));
  text.append("=").append(id).append("; Path=/; HttpOnly; SameSite=Strict");
  if (is_secure) text += "; Secure";
  if (id.empty()) text += "; Max-Age=0";
  return text;
}

}  // namespace connector::http
