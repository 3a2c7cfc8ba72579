// POST /api/v1/batches: many tables of a remote database at once.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> batch_routes();

}  // namespace connector::http
