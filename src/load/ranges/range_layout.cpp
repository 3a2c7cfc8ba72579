#include "load/ranges/range_layout.hpp"

#include <algorithm>

namespace connector::load {

namespace {

std::optional<core::RangeSum> together(const std::optional<core::RangeSum>& left,
                                       const std::optional<core::RangeSum>& right) {
  if (!left || !right) return std::nullopt;
  return core::add(*left, *right);
}

}  // namespace

std::uint64_t rows_of_a_range(std::uint64_t rows, std::uint64_t wanted) noexcept {
  return std::max(wanted, rows / (most_ranges / 2) + 1);
}

std::vector<std::size_t> ranges_to_split(const std::vector<std::uint64_t>& rows, std::uint64_t wanted) {
  std::vector<std::size_t> found;
  for (std::size_t i = rows.size(); i > 0; --i) {
    if (rows[i - 1] > 2 * wanted) found.push_back(i - 1);
  }
  return found;
}

void join_small_ranges(RangeState& state, std::vector<std::uint64_t> rows, std::uint64_t wanted) {
  std::vector<KnownRange> joined;
  std::uint64_t rows_of_last = 0;
  const std::size_t last = state.ranges.size() - 1;  // that of the NULLs
  for (std::size_t i = 0; i < last; ++i) {
    KnownRange& range = state.ranges[i];
    if (!joined.empty() && rows_of_last + rows[i] < wanted) {
      joined.back().remote = together(joined.back().remote, range.remote);
      joined.back().local = together(joined.back().local, range.local);
      rows_of_last += rows[i];
    } else {
      joined.push_back(std::move(range));
      rows_of_last = rows[i];
    }
  }
  joined.push_back(std::move(state.ranges[last]));
  state.ranges = std::move(joined);
}

std::vector<RangeBlock> blocks_of(const std::vector<bool>& differs) {
  std::vector<RangeBlock> blocks;
  for (std::size_t i = 0; i < differs.size(); ++i) {
    if (!differs[i]) continue;
    if (!blocks.empty() && blocks.back().first + blocks.back().count == i) {
      ++blocks.back().count;
    } else {
      blocks.push_back({i, 1});
    }
  }
  return blocks;
}

}  // namespace connector::load
