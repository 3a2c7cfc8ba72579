// Which values of a result the driver writes into bound buffers, and which are asked for one by one.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "drivers/odbc/driver_traits.hpp"
#include "drivers/odbc/types.hpp"

namespace connector::odbc {

struct FetchPlan {
  std::size_t rows = 1;  ///< fetched at once
  /// Of a value in the bound buffer, per column of the scan; 0 = the column is not bound.
  std::vector<std::size_t> bound_bytes;
  /// A bound value that did not fit can be asked for again.
  bool gets_again = false;
};

enum class FetchMode {
  quick,
  /// Only what surely fits is bound.
  careful
};

/// `columns`: in the order of the result. What a driver declares as sizes decides how quickly values come, and never
/// how much memory is taken for them: all bound buffers together have about a megabyte, or one row.
FetchPlan plan_fetch(std::span<const Reading> columns, const DriverTraits& traits, FetchMode mode);

}  // namespace connector::odbc
