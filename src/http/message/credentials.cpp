#include "http/message/credentials.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"
#include "http/asio.hpp"
#include "http/message/base64.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

constexpr const char* key_name = "api_key";

[[noreturn]] void refuse_login() {
  throw Refusal{{.status = 401}};
}

/// What stands behind the scheme of an Authorization header; nothing for another scheme.
std::optional<std::string_view> behind_scheme(std::string_view header, std::string_view scheme) {
  const std::string_view word = header.substr(0, header.find(' '));
  if (core::lower_ascii(word) != scheme) return std::nullopt;
  header.remove_prefix(word.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

/// Takes a key; a second one must be the same.
void take_key(Credentials& credentials, std::string key) {
  if (key.empty()) refuse_login();
  if (!credentials.key.empty() && credentials.key != key) {
    throw Refusal{error_reply(400, "the request has two different keys")};
  }
  credentials.key = std::move(key);
}

void take_user(Credentials& credentials, std::string user) {
  if (user.empty() || (credentials.user && *credentials.user != user)) refuse_login();
  credentials.user = std::move(user);
}

}  // namespace

Credentials read_credentials(const Request& request, bool user_from_host) {
  Credentials credentials;
  if (request.authorization) {
    if (const auto basic = behind_scheme(*request.authorization, "basic")) {
      const std::optional<std::string> pair = base64_decoded(*basic);
      if (!pair || !core::is_text(*pair)) refuse_login();
      const std::size_t colon = pair->find(':');
      if (colon == std::string::npos) refuse_login();
      take_user(credentials, pair->substr(0, colon));
      take_key(credentials, pair->substr(colon + 1));
    } else if (const auto bearer = behind_scheme(*request.authorization, "bearer")) {
      if (!core::is_text(*bearer)) refuse_login();
      take_key(credentials, std::string(*bearer));
    } else {
      refuse_login();
    }
  }
  for (const auto& [name, value] : request.query) {
    if (name == key_name) take_key(credentials, value);
  }
  for (const core::JsonMember& member : request.body.members) {
    if (member.key != key_name) continue;
    if (member.value.type != core::JsonValue::Type::string) refuse_login();
    take_key(credentials, member.value.text);
  }
  if (credentials.key.empty()) credentials.sessions = read_session_keys(request);
  if (credentials.key.empty() && credentials.sessions.empty()) refuse_login();
  if (request.path_user) take_user(credentials, *request.path_user);
  if (user_from_host) credentials.host_user = user_of_host(request.host);
  return credentials;
}

std::optional<std::string> user_of_host(std::string_view host) {
  if (host.empty() || host.front() == '[') return std::nullopt;
  host = host.substr(0, host.find(':'));
  error_code error;
  asio::ip::make_address(std::string(host), error);
  const std::size_t dot = host.find('.');
  if (!error || dot == 0 || dot == std::string_view::npos || dot + 1 == host.size()) return std::nullopt;
  // Hosts have no letter case, and clients send them as they were typed.
  return core::lower_ascii(host.substr(0, dot));
}

}  // namespace connector::http
