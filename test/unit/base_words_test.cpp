#include <gtest/gtest.h>

#include "core/base/words.hpp"

namespace connector::core {
namespace {

enum class Side { left, right };
constexpr auto side_words = words<Side>({{Side::left, "left"}, {Side::right, "right"}});
static_assert(side_words.of(Side::right) == "right");

TEST(Words, GoesBothWays) {
  EXPECT_EQ(side_words.of(Side::left), "left");
  EXPECT_EQ(side_words.find("right"), Side::right);
  EXPECT_EQ(side_words.find("Left"), std::nullopt);
  ASSERT_EQ(side_words.all().size(), 2u);
  EXPECT_EQ(side_words.all()[1], "right");
}

TEST(Words, AnotherOrderIsAnError) {
  // As a constant it would not compile.
  EXPECT_ANY_THROW(words<Side>({{Side::right, "right"}, {Side::left, "left"}}));
}

}  // namespace
}  // namespace connector::core
