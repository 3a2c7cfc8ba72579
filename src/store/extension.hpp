// The extension as PostgreSQL knows it.
#pragma once

#include "pg/postgres.hpp"

namespace connector::store {

/// The owner of the extension, who owns its tables. Throws PgError if the extension is gone.
Oid extension_owner();

}  // namespace connector::store
