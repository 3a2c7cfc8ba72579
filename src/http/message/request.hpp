// A request as routes see it: decoded, bounded, and without what is only HTTP's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.hpp"

namespace connector::http {

enum class Method { get, post, put, remove };

std::string_view method_name(Method method) noexcept;

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The value of the first parameter of this name.
std::optional<std::string> parameter(const Parameters& parameters, std::string_view name);

struct Request {
  Method method = Method::get;
  std::vector<std::string> path;                ///< segments, decoded, without /user/NAME: {"api", "v1", "imports"}
  std::optional<std::string> path_user;         ///< NAME of /user/NAME or /u/NAME
  Parameters query;                             ///< decoded, in their order
  std::string host;                             ///< the Host header
  std::optional<std::string> authorization;     ///< the header of this name
  std::optional<std::string> last_event_id{};   ///< likewise: what a client of an event stream has seen last
  std::optional<std::string> if_none_match{};   ///< likewise
  std::optional<std::string> cookie{};          ///< likewise
  std::optional<std::string> token{};           ///< X-Connector-Token
  std::optional<std::string> origin{};          ///< the header of this name
  std::optional<std::string> sec_fetch_site{};  ///< likewise: where a browser says that the request comes from
  core::JsonValue body;                         ///< an object, empty if nothing was sent
  std::string address;                          ///< of the client, as text
  bool is_secure = false;                       ///< the client's connection, be it one to a proxy, has TLS
  bool listens_on_loopback = false;             ///< the address at which the program listens is one of loopback
};

/// The member of the body, or null.
const core::JsonValue* member(const core::JsonValue& object, std::string_view key) noexcept;

}  // namespace connector::http
