#include "http/message/entity_tag.hpp"

#include <gtest/gtest.h>

namespace connector::http {
namespace {

TEST(EntityTag, ListsOfTags) {
  constexpr const char* tag = "\"a1\"";
  for (const char* header : {"\"a1\"", " \"a1\" ", "W/\"a1\"", "\"b\", \"a1\"", "\"b\",W/\"a1\",\"c\"", "\"\", \"a1\"",
                             "*", " * ", ",, \"a1\"", "\"x,y\", \"a1\""}) {
    EXPECT_TRUE(names_tag(header, tag)) << header;
  }
  for (const char* header : {"", " ", ",", "a1", "\"A1\"", "\"a1", "a1\"", "\"b\"", "\"a\"1\"", "\"b\" \"a1\"",
                             "W/ \"a1\"", "w/\"a1\"", "*, \"a1\"", "**", "\"x, \"a1\"", "\"b\"; \"a1\""}) {
    EXPECT_FALSE(names_tag(header, tag)) << header;
  }
}

}  // namespace
}  // namespace connector::http
