#include "http/message/raw_header.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/message/reply.hpp"

namespace connector::http {
namespace {

/// The status with which a header is refused, 0 if it is not. It comes in pieces of one byte as well.
unsigned refused(const std::string& lines) {
  const std::string header = lines + "\r\n";
  unsigned status = 0;
  try {
    EXPECT_EQ(HeaderEnd().find(header + "rest"), header.size());
    check_header(header);
  } catch (const Refusal& refusal) {
    status = refusal.reply.status;
  }
  unsigned piecewise = 0;
  try {
    HeaderEnd end;
    std::size_t found = 0;
    for (std::size_t i = 1; found == 0 && i <= header.size(); ++i) found = end.find(header.substr(0, i));
    EXPECT_EQ(found, header.size());
    check_header(header);
  } catch (const Refusal& refusal) {
    piecewise = refusal.reply.status;
  }
  EXPECT_EQ(status, piecewise);
  return status;
}

std::string with(const std::string& lines) {
  return "POST /api HTTP/1.1\r\nHost: alice.localhost:8080\r\n" + lines;
}

TEST(RawHeader, TakesWhatClientsSend) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: h\r\n"), 0U);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\n"), 0U);
  EXPECT_EQ(refused("GET /a?b=%20&c HTTP/1.1\r\nHost: [::1]:80\r\nX:\r\nY: \t\r\nZ: a\tb, c \xc3\xa9\r\n"), 0U);
  EXPECT_EQ(refused(with("Content-Length: 0\r\nExpect: 100-Continue\r\nContent-Encoding: identity\r\n")), 0U);
  EXPECT_EQ(refused(with("transfer-encoding: CHUNKED \r\n")), 0U);
  EXPECT_EQ(refused(with("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 1.2.3.5\r\n")), 0U);
}

TEST(RawHeader, RefusesLineEndsAndControlCharacters) {
  for (const char* bytes : {"\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\r\n", "GET / HTTP/1.1\r\nA: b\rc",
                            "\x16\x03\x01", "GET /\x01", "A: \x7f", "A: \x1b[0m"}) {
    EXPECT_THROW(HeaderEnd().find(bytes), Refusal) << bytes;
  }
  EXPECT_THROW(HeaderEnd().find(std::string_view("A: \0", 4)), Refusal);
}

TEST(RawHeader, RefusesWhatIsTooLong) {
  const std::string begin = with("X: ");
  const auto of_size = [&](std::size_t size) { return begin + std::string(size - begin.size() - 4, 'x') + "\r\n"; };
  EXPECT_EQ(refused(of_size(max_header_bytes)), 0U);
  const std::string longer = of_size(max_header_bytes + 1) + "\r\n";
  EXPECT_THROW(HeaderEnd().find(longer), Refusal);
  try {
    HeaderEnd().find(std::string(max_header_bytes + 1, 'a'));
    ADD_FAILURE();
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.reply.status, 431U);
  }
}

TEST(RawHeader, RefusesFirstLines) {
  for (const char* line : {"GET", "GET /", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET / http/1.1",
                           "G@T / HTTP/1.1", "GET http://h/ HTTP/1.1", "GET * HTTP/1.1", "CONNECT h:80 HTTP/1.1",
                           "GET /\xc3\xa9 HTTP/1.1", "GET /#a HTTP/1.1", "GET /a b HTTP/1.1", "GET\t/ HTTP/1.1"}) {
    EXPECT_EQ(refused(std::string(line) + "\r\nHost: h\r\n"), 400U) << line;
  }
  for (const char* version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/1.10", "HTTP/1"}) {
    EXPECT_EQ(refused(std::string("GET / ") + version + "\r\nHost: h\r\n"), 505U) << version;
  }
}

TEST(RawHeader, RefusesFieldsThatCanBeReadInTwoWays) {
  for (const char* lines : {"X: a\r\n b\r\n",
                            "X: a\r\n\tb\r\n",
                            "X : a\r\n",
                            " X: a\r\n",
                            "X\r\n",
                            ": a\r\n",
                            "X y: a\r\n",
                            "Host: other\r\n",
                            "Content-Length: 1\r\nContent-Length: 1\r\n",
                            "Content-Length: 1, 1\r\n",
                            "Content-Length: -1\r\n",
                            "Content-Length: +1\r\n",
                            "Content-Length: 0x1\r\n",
                            "Content-Length:\r\n",
                            "Content-Length: 1 1\r\n",
                            "Content-Length: 9999999999999999999\r\n",
                            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
                            "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                            "Authorization: Basic YTpi\r\nAuthorization: Basic YTpj\r\n",
                            "Content-Type: a\r\nContent-Type: b\r\n",
                            "Cookie: a=1\r\ncookie: b=2\r\n",
                            "X-Connector-Token: a\r\nX-Connector-Token: a\r\n",
                            "Origin: http://a\r\nOrigin: http://a\r\n",
                            "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n"}) {
    EXPECT_EQ(refused(with(lines)), 400U) << lines;
  }
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n"), 400U);
  EXPECT_EQ(refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"), 400U);
  for (const char* host : {"a,b", "a/b", "user@a", "a b", "a\"", "a?b"}) {
    EXPECT_EQ(refused(std::string("GET / HTTP/1.1\r\nHost: ") + host + "\r\n"), 400U) << host;
  }
}

TEST(RawHeader, RefusesWhatIsNotSpokenHere) {
  EXPECT_EQ(refused(with("Transfer-Encoding: gzip, chunked\r\n")), 501U);
  EXPECT_EQ(refused(with("Transfer-Encoding: identity\r\n")), 501U);
  EXPECT_EQ(refused(with("Transfer-Encoding: \"chunked\"\r\n")), 501U);
  EXPECT_EQ(refused(with("Content-Encoding: gzip\r\n")), 415U);
  EXPECT_EQ(refused(with("Expect: 200-ok\r\n")), 417U);
  EXPECT_EQ(refused(with("Connection: upgrade\r\nUpgrade: h2c\r\n")), 501U);
}

}  // namespace
}  // namespace connector::http
