// GET /metrics: numbers for Prometheus, of what the role that asks may see.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> metric_routes();

}  // namespace connector::http
