#include "drivers/hive/http.hpp"

#include <gtest/gtest.h>

#include "drivers/hive/failure.hpp"

namespace connector::hive {
namespace {

TEST(HiveHttp, Heads) {
  const HttpHead head = parse_http_head(
      "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: a=1; Secure\r\nset-cookie: b=2\r\nTransfer-Encoding: gzip, Chunked\r\n"
      "X: \r\n");
  EXPECT_EQ(head.status, 401);
  EXPECT_EQ(head.reason, "Unauthorized");
  EXPECT_EQ(head.fields.count("set-cookie"), 2U);
  EXPECT_TRUE(head.has_word("transfer-encoding", "chunked"));
  EXPECT_FALSE(head.has_word("transfer-encoding", "chunk"));
  EXPECT_FALSE(head.has_word("connection", "close"));
  EXPECT_EQ(head.field("x"), "");
  EXPECT_EQ(parse_http_head("HTTP/1.0 200\r\n").status, 200);
}

TEST(HiveHttp, WhatIsNoHead) {
  for (const char* text : {"", "HTTP/2 200 OK", "HTTP/1.1 abc OK", "HTTP/1.1 20", "ICY 200 OK",
                           "HTTP/1.1 200 OK\r\nno name\r\n", "HTTP/1.1 200 OK\r\n: x\r\n"}) {
    EXPECT_THROW(parse_http_head(text), Failure) << text;
  }
}

TEST(HiveChannel, HintsOnOtherProtocols) {
  EXPECT_NE(foreign_protocol_hint("HTTP/1.1 400").find("http"), std::string::npos);
  EXPECT_NE(foreign_protocol_hint("\x15\x03\x03").find("sslmode"), std::string::npos);
  EXPECT_NE(foreign_protocol_hint("\x80\x01").find("nosasl"), std::string::npos);
  EXPECT_NE(foreign_protocol_hint(std::string("\x04\x00\x00\x00\x13", 5)).find("kerberos"), std::string::npos);
  EXPECT_EQ(foreign_protocol_hint("SSH-2.0"), "");
}

}  // namespace
}  // namespace connector::hive
