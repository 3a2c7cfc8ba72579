// UUIDs as text.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::pg {

/// A random one. Throws PgError.
std::string new_uuid();

/// That of a `uuid` Datum. Throws PgError.
std::string uuid_text(Datum uuid);

/// A `uuid` Datum in the current memory context. Throws PgError if the text is none.
Datum uuid_datum(const std::string& text);

/// The same uuid as PostgreSQL prints it. Throws PgError if the text is none.
std::string canonical_uuid(const std::string& text);

}  // namespace connector::pg
