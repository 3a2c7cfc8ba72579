// Boost.Beast, which takes as long to compile as Asio: included where messages are read and written, and nowhere else.
#pragma once

#include "http/asio.hpp"

// Behind what Boost 1.74 needs before it.
#include <boost/beast/http.hpp>

namespace connector::http {

namespace beast = boost::beast;

}  // namespace connector::http
