// /api/v1/viz: tables that imports have made, in the form in which clients of the original look for them.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> visualization_routes();

}  // namespace connector::http
