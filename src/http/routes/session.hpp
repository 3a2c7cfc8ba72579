// /api/v1/session: log in to the page and out of it, and who one is there.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> session_routes();

}  // namespace connector::http
