// Values in the forms that callers ask for, whole or in pieces.
#pragma once

#include <sql.h>

#include "handles.hpp"

namespace hostile {

/// Where a caller wants a value.
struct Place {
  SQLSMALLINT c_type;
  SQLPOINTER target;
  SQLLEN capacity;  ///< bytes of the target; of no meaning for types of a fixed size
  SQLLEN* indicator;
};

/// Gives the value of a row and column (from 0) of the result, or its next piece. Lies as the connection asks for.
SQLRETURN give_value(Statement& statement, long row, std::size_t column, const Place& place, Progress& progress);

/// Bytes of a C type of a fixed size; 0 for text and binary.
SQLLEN fixed_size(SQLSMALLINT c_type);

}  // namespace hostile
