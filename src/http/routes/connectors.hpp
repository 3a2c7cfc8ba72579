// /api/v1/connectors: providers, and looks at what they connect to.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> connector_routes();

}  // namespace connector::http
