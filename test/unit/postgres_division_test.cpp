#include "drivers/postgres/division.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/source.hpp"

namespace connector::postgres {
namespace {

struct Range {
  std::uint64_t begin = 0;
  std::optional<std::uint64_t> end;
};

/// The block behind the comparison.
std::optional<std::uint64_t> block_behind(const std::string& condition, std::string_view comparison) {
  const std::string begin = "ctid OPERATOR(pg_catalog." + std::string(comparison) + ") '(";
  const auto at = condition.find(begin);
  if (at == std::string::npos) return std::nullopt;
  std::uint64_t block = 0;
  const char* digits = condition.data() + at + begin.size();
  const auto [end, error] = std::from_chars(digits, condition.data() + condition.size(), block);
  EXPECT_EQ(error, std::errc()) << condition;
  EXPECT_TRUE(std::string_view(end).starts_with(",0)'::pg_catalog.tid")) << condition;
  return block;
}

/// The ranges, of which each begins where the one before it ends; the first one at 0, and the last one has no end.
std::vector<Range> ranges_of(const std::vector<std::uint64_t>& blocks, std::size_t wanted) {
  std::vector<Range> ranges;
  std::uint64_t next = 0;
  for (const std::string& condition : block_ranges(blocks, wanted)) {
    const Range& range =
        ranges.emplace_back(Range{block_behind(condition, ">=").value_or(0), block_behind(condition, "<")});
    EXPECT_EQ(range.begin, next) << condition;
    if (range.end) {
      EXPECT_GT(*range.end, range.begin) << condition;
    }
    next = range.end.value_or(0);
  }
  EXPECT_FALSE(ranges.empty());
  EXPECT_FALSE(ranges.back().end);
  return ranges;
}

std::uint64_t blocks_in(const std::vector<std::uint64_t>& blocks, const Range& range) {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : blocks) {
    const std::uint64_t end = std::min(count, range.end.value_or(std::numeric_limits<std::uint64_t>::max()));
    if (end > range.begin) sum += end - range.begin;
  }
  return sum;
}

TEST(PostgresDivision, EvenRangesOfOneTable) {
  for (const std::uint64_t count : {64u, 1000u, 1001u, 4'294'967'294u}) {
    const std::vector<Range> ranges = ranges_of({count}, 16);
    ASSERT_EQ(ranges.size(), 16u);
    for (const Range& range : ranges) {
      EXPECT_LE(blocks_in({count}, range), count / 16 + 1);
      EXPECT_GE(blocks_in({count}, range) + 1, count / 16);
    }
  }
}

TEST(PostgresDivision, AFewBlocksAreNotDivided) {
  for (const std::vector<std::uint64_t>& blocks :
       {std::vector<std::uint64_t>{}, {0}, {1}, {7}, {4, 4}, {0, 0, 11}, std::vector<std::uint64_t>(1000, 4)}) {
    EXPECT_EQ(ranges_of(blocks, 64).size(), 1u);
  }
  EXPECT_EQ(ranges_of({8}, 64).size(), 2u);
  EXPECT_EQ(ranges_of({1000}, 1).size(), 1u);
  EXPECT_EQ(ranges_of({1000}, 0).size(), 1u);
}

TEST(PostgresDivision, IsIntoNoMoreThanAnybodyNeeds) {
  // Four billion blocks are the most that a table can have.
  for (const std::size_t wanted : {std::size_t{100'000}, std::numeric_limits<std::size_t>::max()}) {
    EXPECT_EQ(ranges_of({4'294'967'295}, wanted).size(), core::most_parts);
  }
}

TEST(PostgresDivision, SmallPartitionsBesideALargeOne) {
  // A hundred of ten blocks each, whose rows all lie in the first blocks.
  std::vector<std::uint64_t> blocks(100, 10);
  blocks.push_back(9000);
  const std::uint64_t all = 10'000;
  const std::vector<Range> ranges = ranges_of(blocks, 8);
  EXPECT_EQ(ranges.size(), 8u);
  std::uint64_t sum = 0;
  for (const Range& range : ranges) {
    // One more block of each of them is the least step.
    EXPECT_LE(blocks_in(blocks, range), all / 8 + 101);
    sum += blocks_in(blocks, range);
  }
  EXPECT_EQ(sum, all);
}

}  // namespace
}  // namespace connector::postgres
