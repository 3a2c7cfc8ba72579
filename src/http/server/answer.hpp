// From a request to its answer: routing, log-in, the route's own work, and what is told of failures.
#pragma once

#include "http/routes/call.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

struct Answer {
  Reply reply;
  std::string user;        ///< who asked, for the access log; empty if nobody was logged in
  std::string_view route;  ///< its template; empty if there is none
};

/// Never throws for anything that a client or the database does. If the answer was sent by `stream`, which has begun
/// then, the reply is not looked at.
Task<Answer> answer(const Request& request, const Settings& settings, Services& services, EventStream& stream,
                    Stop& stop);

}  // namespace connector::http
