#include "http/message/session_cookie.hpp"

#include <algorithm>

#include "http/message/browser.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

std::string_view cookie_name(bool is_secure) noexcept {
  return is_secure ? "__Host-connector_session" : "connector_session";
}

std::string_view without_blanks(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

}  // namespace

std::optional<std::string> cookie_value(std::string_view header, std::string_view name) {
  std::optional<std::string> value;
  while (!header.empty()) {
    const std::string_view pair = header.substr(0, header.find(';'));
    header.remove_prefix(std::min(header.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || without_blanks(pair.substr(0, equals)) != name) continue;
    // Which of two a browser means can't be told: one of them was planted.
    if (value) throw Refusal{{.status = 401}};
    value = without_blanks(pair.substr(equals + 1));
  }
  return value;
}

std::optional<SessionKey> read_session_key(const Request& request) {
  if (!request.cookie) return std::nullopt;
  std::optional<std::string> id = cookie_value(*request.cookie, cookie_name(request.is_secure));
  if (!id) return std::nullopt;
  require_browser(request);
  if (!request.token) throw Refusal{{.status = 401}};
  return SessionKey{.id = std::move(*id), .token = *request.token};
}

std::string session_cookie(std::string_view id, bool is_secure) {
  std::string text(cookie_name(is_secure));
  text.append("=").append(id).append("; Path=/; HttpOnly; SameSite=Strict");
  if (is_secure) text += "; Secure";
  if (id.empty()) text += "; Max-Age=0";
  return text;
}

}  // namespace connector::http
