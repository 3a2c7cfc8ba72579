#include "reader/environment.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace connector::reader {
namespace {

using List = std::vector<std::string>;

TEST(ReaderEnvironment, ItemsWithBlanksBetween) {
  EXPECT_EQ(environment_list(""), List{});
  EXPECT_EQ(environment_list(" \n"), List{});
  EXPECT_EQ(environment_list("A=1"), List{"A=1"});
  EXPECT_EQ(environment_list(" LD_LIBRARY_PATH=/a:/b\tTNS_ADMIN=/c,d=e "),
            (List{"LD_LIBRARY_PATH=/a:/b", "TNS_ADMIN=/c,d=e"}));
  EXPECT_EQ(environment_list("EMPTY= B=2"), (List{"EMPTY=", "B=2"}));
}

TEST(ReaderEnvironment, ValuesInQuotes) {
  EXPECT_EQ(environment_list(R"(A="one two" B=3)"), (List{"A=one two", "B=3"}));
  EXPECT_EQ(environment_list(R"(A="say ""no""")"), List{R"(A=say "no")"});
  EXPECT_EQ(environment_list(R"(A="")"), List{"A="});
  EXPECT_EQ(environment_list(R"(A=x"y)"), List{R"(A=x"y)"});
}

TEST(ReaderEnvironment, ListsThatAreNone) {
  for (const char* list : {"A", "=1", "1A=2", "A =1", "A-B=1", R"(A="open)", R"(A="x"y)", R"(A=1 B)"}) {
    EXPECT_THROW(environment_list(list), std::invalid_argument) << list;
  }
}

}  // namespace
}  // namespace connector::reader
