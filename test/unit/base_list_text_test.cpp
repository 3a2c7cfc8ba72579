#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/base/list_text.hpp"

namespace connector::core {
namespace {

TEST(ListText, ItemsAreSeparated) {
  EXPECT_EQ(joined(std::vector<std::string>{}), "");
  EXPECT_EQ(joined(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(joined(std::set<std::string>{"b", "a"}), "a, b");
  EXPECT_EQ(joined(std::vector<std::string_view>{"a", "b"}, " AND ", "t."), "t.a AND t.b");
  EXPECT_EQ(joined(std::vector<std::string>{"", "", "c"}), ", , c");
}

TEST(ListText, ListIsWrittenItemByItem) {
  std::string list;
  add_item(list, "a");
  add_item(list, "b");
  add_item(list, "c", " OR ");
  EXPECT_EQ(list, "a, b OR c");
}

}  // namespace
}  // namespace connector::core
