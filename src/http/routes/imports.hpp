// /api/v1/imports: imports of the role that asks.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> import_routes();

}  // namespace connector::http
