// Checksums of a source's rows by ranges of a key, computed by the remote: what tells where rows have changed since the
// last time, without sending them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/scan.hpp"

namespace connector::core {

/// Which rows are summed, and how they are told apart.
struct RangeRequest {
  std::vector<std::size_t> columns{};  ///< whose values count, in this order: indexes in SourceDescription::columns
  std::size_t key = 0;                 ///< the column that the ranges are told by; likewise
  /// Ascending, each once; constants as Expression has them. The first range has the rows below bounds[0], range i + 1
  /// those from bounds[i] on that lie below bounds[i + 1], the last one those from the last bound on.
  std::vector<std::string> bounds{};
  std::optional<Expression> where{};  ///< only these rows; one whose support is exact
};

/// What is known of the rows of one range. Two states of a range that are equal in this have the same rows: a hash that
/// two of them share is as unlikely as for any 128 bits.
struct RangeSum {
  std::uint64_t rows = 0;
  /// The sums of the two 64-bit halves of each row's hash, as decimal digits with a blank between; empty without rows.
  std::string sums{};

  bool operator==(const RangeSum&) const = default;
};

/// A sum of 64-bit numbers of as many rows as there may be, exact.
__extension__ using WideSum = __int128;
/// As decimal digits.
std::string wide_text(WideSum value);

/// The sum of the rows of two ranges.
RangeSum add(const RangeSum& left, const RangeSum& right);

}  // namespace connector::core
