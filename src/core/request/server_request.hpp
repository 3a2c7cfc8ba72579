// What is to be saved as a foreign server: `{"provider": "mysql", "connection": {...}}`.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/remote/connection_options.hpp"

namespace connector::core {

class Registry;

struct ServerRequest {
  std::string provider;
  ConnectionOptions connection;  ///< masks in it stay as they were given
  /// Secrets that are not to be kept: their values were null or blank. They are not in `connection`.
  std::set<std::string> removed;
};

/// What is there of the server already.
struct PresentServer {
  std::optional<std::string> provider;  ///< which can't be changed
  ConnectionOptions fixed;              ///< keys of the connection that are as they are unless the request has them
};

/// Reads and checks such an object; nothing is contacted. All offending keys are named in one Error (1502). Keys by
/// which one logs in may be missing.
ServerRequest read_server_request(std::string_view json, const Registry& registry, const PresentServer& present);

}  // namespace connector::core
