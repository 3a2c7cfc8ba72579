// The statement that sums the rows of ranges, as far as it is the same for all remotes, and its answer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/range_sums.hpp"
#include "core/remote/source.hpp"

namespace connector::core {

/// Why the remote can't tell the ranges of the request apart, or keep to its condition, exactly as PostgreSQL would; in
/// words for people. Empty if it can.
std::string why_no_ranges(const Dialect& dialect, const RangeRequest& request,
                          const std::vector<RemoteColumn>& columns);

/// The rows that are summed: a SELECT of `r`, the number of a row's range, and `h`, which is `hash`. Of `selection` its
/// `from` and `column` count. Throws Error (cannot_read) if a bound can't be written.
std::string select_hashes(const Dialect& dialect, const RangeRequest& request, const Dialect::Selection& selection,
                          const std::string& hash, const std::vector<RemoteColumn>& columns);

/// A row of the answer, as text: number of the range, rows, both sums, rows without a hash.
using RangeSumRow = std::span<const std::optional<std::string>>;

/// The sums of a request with so many bounds, to which rows of the answer are added in any order; ranges of which there
/// is no row are empty.
class RangeSumReader {
 public:
  /// `summary`: what could not be done, for messages.
  RangeSumReader(std::size_t bounds, std::string_view provider, std::string_view summary);

  /// Throws Error (cannot_read) if the row is not as asked for, or tells of rows without a hash.
  void add(RangeSumRow row);
  std::vector<RangeSum> take() { return std::move(sums_); }

 private:
  [[noreturn]] void fail(std::string_view why, std::string_view hint) const;

  std::vector<RangeSum> sums_;
  std::string provider_;
  std::string summary_;
};

}  // namespace connector::core
