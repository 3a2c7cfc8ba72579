// What the program counts of its own doing, for /metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

#include "http/message/request.hpp"

namespace connector::http {

struct Counters {
  /// By the route's template, the method and the hundreds of the status. A path without a route counts as "": what
  /// callers write there makes no series.
  std::map<std::tuple<std::string_view, Method, unsigned>, std::uint64_t> requests;
  std::size_t connections = 0;  ///< of clients, open now
};

}  // namespace connector::http
