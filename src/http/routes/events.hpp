// GET /api/v1/events: what becomes of imports and syncs, as server-sent events.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> event_routes();

}  // namespace connector::http
