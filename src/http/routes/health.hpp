// GET /healthz: that the program runs. It says no more, as anybody may ask.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> health_routes();

}  // namespace connector::http
