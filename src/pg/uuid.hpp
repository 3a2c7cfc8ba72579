// UUIDs as text.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::pg {

/// A random one. Throws PgError.
std::string new_uuid();

/// That of a `uuid` Datum. Throws PgError.
std::string uuid_text(Datum uuid);

}  // namespace connector::pg
