// Values in the forms of ODBC's C types, into a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/rows/row_batch.hpp"
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

  /// Stores a value that is not NULL. `bytes`: what the driver wrote, without the 0 at its end, and as many as the C
  /// type has if it has a fixed size.
  void store(std::string_view bytes, core::RowBatch& batch, Counts& counts) const;
};

}  // namespace connector::odbc
