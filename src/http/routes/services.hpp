// What calls share.
#pragma once

#include <vector>

#include "http/database/pool.hpp"
#include "http/events/event_hub.hpp"
#include "http/keys/browser_sessions.hpp"
#include "http/keys/issued_keys.hpp"
#include "http/keys/log_in.hpp"
#include "http/routes/counters.hpp"

namespace connector::http {

struct Route;

struct Services {
  const Database& database;
  Pool& pool;
  bool query_passwords = true;  ///< whether addresses may have the parameters of a connection
  IssuedKeys& keys;
  BrowserSessions& sessions;
  LogIn& log_in;
  EventHub& events;
  Counters& counters;
  const std::vector<Route>& routes;
};

}  // namespace connector::http
