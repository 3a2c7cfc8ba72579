// /api/v1/servers: saved servers, which are foreign servers of the database that the role may use.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> saved_server_routes();

}  // namespace connector::http
