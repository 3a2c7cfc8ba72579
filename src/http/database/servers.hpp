// Which servers a conninfo names, as libpq reads its lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/asio.hpp"

namespace connector::http {

using ConninfoOptions = std::vector<std::pair<std::string, std::string>>;

/// One of them. Each may be empty: libpq has a default.
struct ServerPlace {
  std::string host;      ///< a name, an address, or the directory of a socket
  std::string hostaddr;  ///< its address, if it is known
  std::string port;
  bool operator==(const ServerPlace&) const = default;
};

/// The servers in their order. Throws std::runtime_error if the lists don't fit together.
std::vector<ServerPlace> server_places(const ConninfoOptions& options);

/// Whether its address has to be looked up.
bool has_only_name(const ServerPlace& place);

/// How long one server may take to let somebody in (connect_timeout, as libpq reads it): 10 seconds unless it is given,
/// nothing for any time.
std::optional<std::chrono::seconds> time_of_server(const ConninfoOptions& options);

/// What sessions have to be like, for each round over all servers (target_session_attrs): a standby that is only
/// preferred takes two rounds. Empty: nothing is said.
std::vector<std::string> rounds_of_attributes(const ConninfoOptions& options, std::size_t servers);

}  // namespace connector::http
