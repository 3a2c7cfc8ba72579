// GET /openapi.json: the contract of the API, made of the table of routes.
#pragma once

#include <string>
#include <vector>

#include "http/message/reply.hpp"
#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> openapi_routes();

/// The document of these routes, by OpenAPI 3.1.
Json openapi_document(const std::vector<Route>& routes);

}  // namespace connector::http
