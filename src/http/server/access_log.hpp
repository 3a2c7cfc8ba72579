// One line of standard output for each request.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/asio.hpp"

namespace connector::http {

/// What is told of a request. Neither its path nor its query nor a header is: a key may stand in each of them.
struct AccessEntry {
  std::string address{};
  std::string user{};         ///< who was logged in; empty: nobody
  std::string method{};       ///< `-` if it is none that is known
  std::string_view route{};   ///< its template; empty: none
  unsigned status = 0;        ///< 499: the client left before there was an answer
  std::size_t bytes = 0;      ///< of the answer, headers included
  Clock::time_point begun{};  ///< of the request
};

/// `2026-01-31T23:59:59.123Z ADDRESS USER METHOD ROUTE STATUS MS BYTES`, with `-` for what there is not.
std::string access_line(const AccessEntry& entry, std::chrono::system_clock::time_point now,
                        std::chrono::milliseconds taken);

/// Writes that line.
void log_access(const AccessEntry& entry);

}  // namespace connector::http
