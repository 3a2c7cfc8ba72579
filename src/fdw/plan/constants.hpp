// Values of PostgreSQL's as constants of conditions.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

#include "core/remote/scan.hpp"

namespace connector::fdw {

/// A value of a type as core::Expression has it, in UTF-8. Throws PgError, or Error (encoding).
core::Expression constant_of(Datum value, Oid type);

/// The elements of an array, likewise.
std::vector<core::Expression> constants_of(Datum array, Oid element_type);

}  // namespace connector::fdw
