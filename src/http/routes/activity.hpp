// What the role has and what goes on, for the page: /api/v1/activity, /api/v1/progress.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> activity_routes();

}  // namespace connector::http
