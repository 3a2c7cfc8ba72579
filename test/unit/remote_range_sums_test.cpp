#include "core/remote/range_sums.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

TEST(RangeSums, AreAddedExactly) {
  const RangeSum left{.rows = 2, .sums = "18446744073709551615 -9223372036854775808"};
  const RangeSum right{.rows = 3, .sums = "18446744073709551615 -9223372036854775807"};
  EXPECT_EQ(add(left, right), (RangeSum{5, "36893488147419103230 -18446744073709551615"}));
  EXPECT_EQ(add(right, left), add(left, right));
}

TEST(RangeSums, MayCancelOut) {
  EXPECT_EQ(add({1, "-5 7"}, {1, "5 -7"}), (RangeSum{2, "0 0"}));
  EXPECT_EQ(add({1, "-5 7"}, {1, "4 -17"}), (RangeSum{2, "-1 -10"}));
}

TEST(RangeSums, OfNoRowsAddNothing) {
  const RangeSum some{.rows = 1, .sums = "12 34"};
  EXPECT_EQ(add(some, {}), some);
  EXPECT_EQ(add({}, some), some);
  EXPECT_EQ(add({}, {}), RangeSum{});
}

}  // namespace
}  // namespace connector::core
