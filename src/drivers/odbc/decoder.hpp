// How the values of a column are decoded, and what is counted on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "drivers/odbc/types.hpp"

namespace connector::odbc {

/// Values that were counted on the way, per column of the batch.
struct Counts {
  std::vector<std::uint64_t> rounded_times;
  /// Of PostgreSQL: moments that may be "infinity" there.
  std::vector<std::uint64_t> last_moments;
};

/// How the values of one column of a batch are decoded.
struct Decoder {
  Decode decode = Decode::text;
  SQLSMALLINT sql_type = SQL_UNKNOWN_TYPE;  ///< tells the fields of an interval
  Database database = Database::other;
  std::size_t column = 0;
};

}  // namespace connector::odbc
