// What the program counts of its own doing, for /metrics.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>

namespace connector::http {

struct Counters {
  /// By the route's template, the method and the hundreds of the status. A path without a route counts as "": what
  /// callers write there makes no series.
  std::map<std::tuple<std::string_view, std::string_view, unsigned>, std::uint64_t> requests;
  std::size_t connections = 0;  ///< of clients, open now

  /// A request was answered. `route` lives as long as the program; a method that no route has counts as "other".
  void count(std::string_view route, std::string_view method, unsigned status) {
    constexpr std::array<std::string_view, 4> known = {"GET", "POST", "PUT", "DELETE"};
    if (method == "HEAD") method = "GET";
    const auto found = std::find(known.begin(), known.end(), method);
    ++requests[std::tuple(route, found == known.end() ? std::string_view("other") : *found, status / 100)];
  }
};

}  // namespace connector::http
