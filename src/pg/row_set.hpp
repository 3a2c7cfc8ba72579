// The rows of functions that return a set.
#pragma once

#include "pg/postgres.hpp"

#include "pg/spi.hpp"

namespace connector::pg {

/// Makes `rows` the result of the set-returning function that is being called, and returns what it has to return. Each
/// row has the columns of the result, as texts in the database's encoding, which are read with the session's settings
/// (see with_fixed_formats()). Throws PgError, also where a set can't be returned.
Datum return_rows(FunctionCallInfo fcinfo, const SqlRows& rows);

}  // namespace connector::pg
