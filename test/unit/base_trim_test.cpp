#include "core/base/trim.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

TEST(Trimmed, TakesAwayWhatStandsAround) {
  EXPECT_EQ(trimmed(" \t a b\r", " \t\r"), "a b");
  EXPECT_EQ(trimmed("--a-b", "-"), "a-b");
  EXPECT_EQ(trimmed("a", " "), "a");
  EXPECT_EQ(trimmed("", " "), "");
  EXPECT_EQ(trimmed("   ", " "), "");
}

}  // namespace
}  // namespace connector::core
