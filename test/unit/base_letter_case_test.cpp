#include "core/base/letter_case.hpp"

#include <gtest/gtest.h>

#include "core/request/named_column.hpp"

namespace connector::core {
namespace {

TEST(LowerCase, KnowsEveryAlphabet) {
  EXPECT_EQ(lower_case("ID_Number 1"), "id_number 1");
  EXPECT_EQ(lower_case("ÖL ŠŽ ÀÉ İ"), "öl šž àé i");
  EXPECT_EQ(lower_case("ΑΒΓ ДЖЮ ԱԲ"), "αβγ джю աբ");
  EXPECT_EQ(lower_case("\U00010400"), "\U00010428");
  EXPECT_EQ(lower_case("表 ß"), "表 ß");
}

TEST(LowerCase, LeavesWhatIsNoCharacter) {
  EXPECT_EQ(lower_case("A\xff\xc3"), "a\xff\xc3");
  EXPECT_EQ(lower_case(""), "");
}

TEST(FindNamedColumn, ExactNamesComeFirst) {
  EXPECT_EQ(find_named_column("id", {"ID", "id"}, {"id", "id_1"}), 1u);
  EXPECT_EQ(find_named_column("id_1", {"ID", "id"}, {"id", "id_1"}), 1u);
  EXPECT_EQ(find_named_column("Öl", {"a", "öL"}, {"a", "ol"}), 1u);
  EXPECT_EQ(find_named_column("OL", {"a", "öL"}, {"a", "ol"}), 1u);
}

TEST(FindNamedColumn, TwoThatDifferInCaseAreNone) {
  EXPECT_FALSE(find_named_column("Id", {"ID", "id"}, {"a", "b"}));
  EXPECT_FALSE(find_named_column("x", {"ID", "id"}, {"a", "b"}));
}

TEST(NearestColumn, IsTold) {
  EXPECT_EQ(nearest_column("IDD", {"word", "Id"}), " Did you mean \"Id\"?");
  EXPECT_EQ(nearest_column("zzzzzzz", {"word", "Id"}), "");
}

}  // namespace
}  // namespace connector::core
