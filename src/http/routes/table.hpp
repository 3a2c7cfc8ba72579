// The one table of routes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

/// All routes, in the order in which /openapi.json shows them: those of the API, and at the end those of the page's
/// files.
const std::vector<Route>& all_routes();

struct Match {
  const Route* route = nullptr;     ///< null: none for this method
  std::vector<std::string> values;  ///< for its {…}
  std::vector<Method> allowed;      ///< what the path has; empty: there is no such path
};

Match find_route(Method method, const std::vector<std::string>& path);

/// 405, with the methods that the path has in Allow.
Reply not_allowed_reply(const std::vector<Method>& allowed);

}  // namespace connector::http
