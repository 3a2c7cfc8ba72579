// /api/v1/synchronizations: syncs of the role that asks.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> synchronization_routes();

}  // namespace connector::http
