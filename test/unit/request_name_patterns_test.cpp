#include <gtest/gtest.h>

#include <string>

#include "core/request/name_patterns.hpp"

namespace connector::core {
namespace {

TEST(NamePatterns, AStarIsAnyTextAndAQuestionMarkOneCharacter) {
  EXPECT_TRUE(matches_pattern("orders", "orders"));
  EXPECT_TRUE(matches_pattern("orders", "*"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_TRUE(matches_pattern("orders", "ord*"));
  EXPECT_TRUE(matches_pattern("orders", "*ers"));
  EXPECT_TRUE(matches_pattern("orders", "o*d*s"));
  EXPECT_TRUE(matches_pattern("orders", "order?"));
  EXPECT_TRUE(matches_pattern("orders", "orders**"));
  EXPECT_FALSE(matches_pattern("orders", "order"));
  EXPECT_FALSE(matches_pattern("orders", "orders?"));
  EXPECT_FALSE(matches_pattern("", "?"));
  EXPECT_FALSE(matches_pattern("Orders", "orders"));
  EXPECT_FALSE(matches_pattern("orders", "o*x*s"));
}

TEST(NamePatterns, AStarGoesBackAsFarAsItMust) {
  EXPECT_TRUE(matches_pattern("abcabd", "*abd"));
  EXPECT_TRUE(matches_pattern("aaab", "*a?b"));
  EXPECT_FALSE(matches_pattern("aab", "*a?a"));
}

TEST(NamePatterns, ACharacterIsNotAByte) {
  EXPECT_TRUE(matches_pattern("año", "a?o"));
  EXPECT_TRUE(matches_pattern("日本", "??"));
  EXPECT_FALSE(matches_pattern("日", "??"));
  EXPECT_TRUE(matches_pattern("x日y", "*?y"));
}

TEST(NamePatterns, ManyStarsTakeNoTime) {
  const std::string text(5000, 'a');
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(matches_pattern(text, pattern + "b"));
}

TEST(NamePatterns, ExcludesWhateverElseTheListHas) {
  const NamePatterns patterns({"order*", "customers", "!*_old", "!order_tmp"});
  EXPECT_TRUE(patterns.matches("orders"));
  EXPECT_TRUE(patterns.matches("customers"));
  EXPECT_FALSE(patterns.matches("orders_old"));
  EXPECT_FALSE(patterns.matches("order_tmp"));
  EXPECT_FALSE(patterns.matches("products"));
  EXPECT_FALSE(NamePatterns({"a", "!a*"}).matches("a"));
}

TEST(NamePatterns, AListThatOnlyExcludesMeansAllOthers) {
  EXPECT_TRUE(NamePatterns({"!audit*"}).matches("orders"));
  EXPECT_FALSE(NamePatterns({"!audit*"}).matches("audit_2020"));
}

TEST(NamePatterns, AnEmptyListMeansNothing) {
  EXPECT_FALSE(NamePatterns({}).matches("orders"));
  EXPECT_FALSE(NamePatterns({""}).matches("orders"));
}

TEST(NamePatterns, ANameMeansItselfWhateverCharactersItHas) {
  EXPECT_TRUE(NamePatterns({"what?"}).matches("what?"));
  EXPECT_TRUE(NamePatterns({"!important"}).matches("!important"));
  EXPECT_FALSE(NamePatterns({"!important"}).matches("important"));
  EXPECT_TRUE(NamePatterns({"!"}).matches("orders"));
}

TEST(NamePatterns, TellsWhatIsNoPattern) {
  EXPECT_EQ(NamePatterns({"a", "b*", "!c", "d?"}).plain_names(), std::vector<std::string>({"a"}));
}

}  // namespace
}  // namespace connector::core
