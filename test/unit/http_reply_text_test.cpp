#include "http/server/reply_text.hpp"

#include <gtest/gtest.h>

#include "http/server/access_log.hpp"

namespace connector::http {
namespace {

bool has(const std::string& text, const std::string& line) {
  return text.find(line) != std::string::npos;
}

TEST(ReplyText, HasWhatAllAnswersHave) {
  const std::string text = reply_text(error_reply(404, "x"), {.keep_alive = true});
  EXPECT_TRUE(text.starts_with("HTTP/1.1 404 Not Found\r\nDate: "));
  EXPECT_TRUE(text.ends_with("\r\n\r\n{\"errors\":\"x\"}"));
  for (const char* line :
       {"Content-Length: 14\r\n", "Content-Type: application/json; charset=utf-8\r\n", "Cache-Control: no-store\r\n",
        "Referrer-Policy: no-referrer\r\n", "X-Content-Type-Options: nosniff\r\n",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"}) {
    EXPECT_TRUE(has(text, line)) << line;
  }
  EXPECT_FALSE(has(text, "Connection") || has(text, "Server"));
}

TEST(ReplyText, HeadersOfAReplyCount) {
  Reply reply{.body = "x", .content_type = "text/html"};
  reply.headers = {{"cache-control", "max-age=1"}, {"X-Odd", "a\r\nSet-Cookie: b"}};
  const std::string text = reply_text(reply, {});
  EXPECT_TRUE(has(text, "cache-control: max-age=1\r\n") && has(text, "Content-Type: text/html\r\n"));
  EXPECT_FALSE(has(text, "no-store") || has(text, "\nSet-Cookie"));
  EXPECT_TRUE(has(text, "Connection: close\r\n"));
}

TEST(ReplyText, Forms) {
  const std::string head = reply_text({.body = "body"}, {.head = true});
  EXPECT_TRUE(has(head, "Content-Length: 4\r\n") && head.ends_with("\r\n\r\n"));
  const std::string none = reply_text({.status = 204}, {});
  EXPECT_FALSE(has(none, "Content-Length") || has(none, "\nContent-Type:"));
  const std::string empty = reply_text({.status = 401}, {});
  EXPECT_TRUE(has(empty, "Content-Length: 0\r\n"));
  EXPECT_FALSE(has(empty, "\nContent-Type:"));
  EXPECT_TRUE(has(reply_text({}, {.keep_alive = true, .is_1_0 = true}), "Connection: keep-alive\r\n"));
  const std::string chunks = reply_text({.body = "ignored"}, {.framing = Framing::chunks});
  EXPECT_TRUE(has(chunks, "Transfer-Encoding: chunked\r\n") && has(chunks, "Content-Type: text/event-stream\r\n"));
  EXPECT_FALSE(has(chunks, "Content-Length") || has(chunks, "ignored"));
  EXPECT_EQ(chunk_text("0123456789abcdefg"), "11\r\n0123456789abcdefg\r\n");
  EXPECT_EQ(chunk_text(""), "0\r\n\r\n");
}

TEST(AccessLog, OneLineWhateverANameIs) {
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds(1700000000007)};
  AccessEntry entry{.address = "192.0.2.1", .user = "a b\nc", .method = "GET", .status = 200, .bytes = 12};
  EXPECT_EQ(access_line(entry, time, std::chrono::milliseconds(3)),
            "2023-11-14T22:13:20.007Z 192.0.2.1 a\\x20b\\x0ac GET - 200 3 12");
  entry.user.clear();
  entry.route = "/api/v1/imports/{id}";
  EXPECT_EQ(access_line(entry, time, std::chrono::milliseconds(0)),
            "2023-11-14T22:13:20.007Z 192.0.2.1 - GET /api/v1/imports/{id} 200 0 12");
}

}  // namespace
}  // namespace connector::http
