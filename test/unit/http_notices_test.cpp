#include "http/routes/notices.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace connector::http {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Reply told(Reply reply, const std::vector<std::string>& notices) {
  add_notices(reply, notices);
  return reply;
}

TEST(Notices, AreTheLastMemberOfAnObject) {
  EXPECT_EQ(told({.body = R"({"a": {"b": 1}})"}, {"one", "\"two\"\nNext."}).body,
            R"({"a": {"b": 1},"notices":["one","\"two\"\nNext."]})");
  EXPECT_EQ(told({.body = "{ }"}, {"one"}).body, R"({ "notices":["one"]})");
  EXPECT_EQ(told({.body = "{\"a\": \"}\"}\n"}, {"\xff"}).body, "{\"a\": \"}\",\"notices\":[\"\xef\xbf\xbd\"]}");
}

TEST(Notices, AreHeadersOfOtherAnswers) {
  const Reply list = told({.body = "[{}]"}, {"caf\xc3\xa9 \x7f closed\nDetail.", "two"});
  EXPECT_EQ(list.body, "[{}]");
  EXPECT_EQ(list.headers, (Headers{{"Connector-Notice", "caf?? ? closed"}, {"Connector-Notice", "two"}}));
  EXPECT_EQ(told({.status = 204}, {std::string(1000, 'x')}).headers,
            (Headers{{"Connector-Notice", std::string(300, 'x')}}));
  EXPECT_EQ(told({.body = "{}", .content_type = "text/plain"}, std::vector<std::string>(20, "x")).headers.size(), 5U);
}

TEST(Notices, AreNoneOfAFailure) {
  const Reply failed = told({.status = 400, .body = "{}"}, {"one"});
  EXPECT_EQ(failed.body, "{}");
  EXPECT_TRUE(failed.headers.empty());
  const Reply silent = told({.body = "{}"}, {});
  EXPECT_EQ(silent.body, "{}");
}

}  // namespace
}  // namespace connector::http
