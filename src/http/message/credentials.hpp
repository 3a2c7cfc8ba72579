// Who asks: a role and its key, from wherever a request may carry them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message/request.hpp"
#include "http/message/session_cookie.hpp"

namespace connector::http {

struct Credentials {
  std::optional<std::string> user{};       ///< of Basic or of the path; an issued key knows its own
  std::optional<std::string> host_user{};  ///< the first label of the host, where that is asked for
  std::string key{};                       ///< a role's password, or an issued key; empty only beside a session
  bool password_only = false;              ///< an issued key does not do
  std::vector<SessionKey> sessions{};      ///< of the page, where there is no key: one of them may be one
};

/// What a request has; a session is looked at only where there is no key. Throws Refusal: 401 without either, with an
/// empty key, with a header that can't be read, or where Basic and the path name two users; 400 for two different keys;
/// as read_session_keys().
Credentials read_credentials(const Request& request, bool user_from_host);

/// The first label of a host of two or more labels that is no address, in small letters: alice of
/// `Alice.localhost:8080`.
std::optional<std::string> user_of_host(std::string_view host);

}  // namespace connector::http
