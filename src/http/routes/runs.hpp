// GET /api/v1/synchronizations/{id}/runs: the history of a sync.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> run_routes();

}  // namespace connector::http
