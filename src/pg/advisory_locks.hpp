// Advisory locks that code of a user's takes in this session.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::pg {

/// Those that the session holds now; to be given to release_new_advisory_locks(). Throws PgError.
std::string held_advisory_locks();

/// Releases those that were not held before, of a session that holds none for its transaction. Throws PgError.
void release_new_advisory_locks(const std::string& held_before);

}  // namespace connector::pg
