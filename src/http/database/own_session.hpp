// Sessions of the program itself, as the role that its conninfo names. No request of a user runs in them.
#pragma once

#include <memory>

#include "http/database/session.hpp"

namespace connector::http {

/// Logs in as the program's own role, which must be there (Database::user). A connection whose other end is gone is
/// noticed within about a minute. Throws LoginFailure or Stopped.
Task<std::unique_ptr<Session>> open_own_session(const Database& database, Clock::time_point deadline);

}  // namespace connector::http
