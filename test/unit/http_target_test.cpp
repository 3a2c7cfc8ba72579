#include "http/message/target.hpp"

#include <gtest/gtest.h>

#include "http/message/reply.hpp"

namespace connector::http {
namespace {

using Segments = std::vector<std::string>;

TEST(Target, TakesAPathApart) {
  EXPECT_EQ(read_target("/").path, Segments{});
  EXPECT_EQ(read_target("/api/v1/imports").path, (Segments{"api", "v1", "imports"}));
  EXPECT_EQ(read_target("/api/v1/imports/").path, (Segments{"api", "v1", "imports"}));
  EXPECT_EQ(read_target("/a%2Fb/c+d/%C3%A9").path, (Segments{"a/b", "c+d", "\xc3\xa9"}));
}

TEST(Target, KnowsTheUserOfAPath) {
  for (const char* text : {"/user/alice/api/v1", "/u/alice/api/v1/", "/user/%61lice/api/v1?x"}) {
    const Target target = read_target(text);
    EXPECT_EQ(target.path_user, "alice") << text;
    EXPECT_EQ(target.path, (Segments{"api", "v1"})) << text;
  }
  EXPECT_EQ(read_target("/user").path, Segments{"user"});
  EXPECT_FALSE(read_target("/api/user/alice").path_user);
}

TEST(Target, DecodesAQuery) {
  EXPECT_EQ(read_target("/a?b=c+d%2b&e&=f&&g=h=i").query,
            (Parameters{{"b", "c d+"}, {"e", ""}, {"", "f"}, {"g", "h=i"}}));
  EXPECT_EQ(read_target("/a?").query, Parameters{});
  EXPECT_EQ(parameter(read_target("/a?b=1&b=2").query, "b"), "1");
  EXPECT_FALSE(parameter(read_target("/a?b=1").query, "c"));
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const char* text : {"", "a", "*", "http://h/", "//", "/a//b", "/.", "/a/../b", "/%2e%2E/a", "/%", "/%4", "/%4g",
                           "/a?%zz", "/%00", "/a?b=%00", "/%ff", "/a?b=%c3", "/%+1"}) {
    EXPECT_THROW(read_target(text), Refusal) << text;
  }
  std::string many = "/a?b";
  for (int i = 1; i < 200; ++i) many += "&b";
  EXPECT_EQ(read_target(many).query.size(), 200U);
  EXPECT_THROW(read_target(many + "&b"), Refusal);
}

}  // namespace
}  // namespace connector::http
