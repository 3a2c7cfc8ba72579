#include "http/database/own_session.hpp"

#include <algorithm>

namespace connector::http {

namespace {

/// The database, with what is set for TCP unless the conninfo sets it.
Database watched(const Database& database) {
  Database watched = database;
  for (const auto& [name, value] : {std::pair("keepalives_idle", "30"), std::pair("keepalives_interval", "10"),
                                    std::pair("keepalives_count", "3")}) {
    const std::string_view wanted = name;
    const bool is_set = std::any_of(database.options.begin(), database.options.end(),
                                    [&](const auto& option) { return option.first == wanted; });
    if (!is_set) watched.options.emplace_back(name, value);
  }
  return watched;
}

}  // namespace

Task<std::unique_ptr<Session>> open_own_session(const Database& database, Clock::time_point deadline) {
  const Database with_keepalives = watched(database);
  Session::Login login{.user = database.user, .password = database.password, .passfile = database.passfile};
  // Its right to log in is the administrator's matter: a peer or a certificate will do.
  login.must_use_password = false;
  login.superuser_allowed = true;
  co_return co_await Session::open(with_keepalives, std::move(login), deadline);
}

}  // namespace connector::http
