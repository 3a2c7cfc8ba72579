// GET / and the files that it is made of: the page, from which the API is used in a browser.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

std::vector<Route> page_routes();

}  // namespace connector::http
