// /api/v1/keys: issued keys of the role that asks.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> key_routes();

}  // namespace connector::http
