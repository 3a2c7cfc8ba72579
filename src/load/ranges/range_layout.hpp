// Where ranges begin and end: they follow the table as it grows and shrinks. Pure decisions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "load/ranges/range_state.hpp"

namespace connector::load {

/// The most ranges that a table is told by: the remote looks up each row's range, and every one of them is kept here.
inline constexpr std::size_t most_ranges = 1000;

/// The number of rows that a range of a table of `rows` rows is to have, where `wanted` (at least 1) is asked for.
std::uint64_t rows_of_a_range(std::uint64_t rows, std::uint64_t wanted) noexcept;

/// The ranges whose rows (`rows`, by range) have become more than twice `wanted`: to be split.
/// The last one first.
std::vector<std::size_t> ranges_to_split(const std::vector<std::uint64_t>& rows, std::uint64_t wanted);

/// Joins neighbours whose rows together (`rows`, by range, that of the NULLs included) are less than `wanted`. What is
/// known of both sides is added; if it is not known of one of two, it is not known of both.
void join_small_ranges(RangeState& state, std::vector<std::uint64_t> rows, std::uint64_t wanted);

/// Neighbouring ranges that are to be read, as one: from `first` on, `count` of them.
struct RangeBlock {
  std::size_t first;
  std::size_t count;
};
/// `differs` is without the range of the NULLs.
std::vector<RangeBlock> blocks_of(const std::vector<bool>& differs);

}  // namespace connector::load
