// Who asks: a role and its key, from wherever a request may carry them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

struct Credentials {
  std::optional<std::string> user;       ///< of Basic or of the path; an issued key knows its own
  std::optional<std::string> host_user;  ///< the first label of the host, where that is asked for
  std::string key;                       ///< a role's password, or an issued key; never empty
};

/// What a request has. Throws Refusal: 401 without a key, with an empty one, with a header that can't be read, or where
/// Basic and the path name two users; 400 for two different keys.
Credentials read_credentials(const Request& request, bool user_from_host);

/// The first label of a host of two or more labels that is no address, in small letters: alice of
/// `Alice.localhost:8080`.
std::optional<std::string> user_of_host(std::string_view host);

}  // namespace connector::http
