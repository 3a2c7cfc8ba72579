// The cookie and the token by which the page shows who asks.
//
// A cookie is sent to all ports of a host, so other servers of the same machine see that of localhost. The token is
// what they don't have: a page of another origin can't read it. So every request by cookie, one that only reads as
// well, has both.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/message/request.hpp"

namespace connector::http {

/// What a browser has of a session of the page.
struct SessionKey {
  std::string id;     ///< in the cookie
  std::string token;  ///< in the header X-Connector-Token
};

/// The values of the cookies of this name in the order of the header, the first 16. A browser has several where another
/// server of the host has set one for a path, or for all that is below a domain.
std::vector<std::string> cookie_values(std::string_view header, std::string_view name);

/// What may be the key of a request, one for each cookie: only the right one has the token that it began with. Empty
/// without the cookie. Throws Refusal: 403 by require_browser(), 401 without the token.
std::vector<SessionKey> read_session_keys(const Request& request);

/// The value of Set-Cookie that gives the browser this id, or has it forget the one that it has if `id` is empty. With
/// TLS the cookie's name says that it came so, and for this very host (`__Host-`).
std::string session_cookie(std::string_view id, bool is_secure);

}  // namespace connector::http
