#include "http/routes/table.hpp"

#include "http/routes/activity.hpp"
#include "http/routes/batches.hpp"
#include "http/routes/connectors.hpp"
#include "http/routes/events.hpp"
#include "http/routes/health.hpp"
#include "http/routes/imports.hpp"
#include "http/routes/keys.hpp"
#include "http/routes/metrics.hpp"
#include "http/routes/openapi.hpp"
#include "http/routes/page.hpp"
#include "http/routes/runs.hpp"
#include "http/routes/saved_servers.hpp"
#include "http/routes/session.hpp"
#include "http/routes/synchronizations.hpp"
#include "http/routes/visualizations.hpp"

namespace connector::http {

namespace {

/// The values for {…} if the path is one of this template.
std::optional<std::vector<std::string>> match(std::string_view pattern, const std::vector<std::string>& path) {
  std::vector<std::string> values;
  pattern.remove_prefix(1);
  for (const std::string& segment : path) {
    if (pattern.empty()) return std::nullopt;
    const std::string_view wanted = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(std::min(pattern.size(), wanted.size() + 1));
    if (wanted.starts_with('{')) {
      values.push_back(segment);
    } else if (wanted != segment) {
      return std::nullopt;
    }
  }
  if (!pattern.empty()) return std::nullopt;
  return values;
}

std::vector<Route> joined(std::initializer_list<std::vector<Route>> lists) {
  std::vector<Route> routes;
  for (const std::vector<Route>& list : lists) routes.insert(routes.end(), list.begin(), list.end());
  return routes;
}

}  // namespace

const std::vector<Route>& all_routes() {
  static const std::vector<Route> routes =
      joined({import_routes(), batch_routes(), synchronization_routes(), run_routes(), activity_routes(),
              connector_routes(), saved_server_routes(), visualization_routes(), key_routes(), session_routes(),
              event_routes(), metric_routes(), health_routes(), openapi_routes(), page_routes()});
  return routes;
}

Match find_route(Method method, const std::vector<std::string>& path) {
  Match found;
  for (const Route& route : all_routes()) {
    std::optional<std::vector<std::string>> values = match(route.path, path);
    if (!values) continue;
    found.allowed.push_back(route.method);
    if (route.method == method && found.route == nullptr) {
      found.route = &route;
      found.values = std::move(*values);
    }
  }
  return found;
}

Reply not_allowed_reply(const std::vector<Method>& allowed) {
  Reply reply = error_reply(405, "this path does not have this method");
  std::string names;
  for (const Method method : allowed) {
    if (!names.empty()) names += ", ";
    names += method_name(method);
    if (method == Method::get) names += ", HEAD";
  }
  reply.headers.emplace_back("Allow", names);
  return reply;
}

}  // namespace connector::http
