#include "http/message/forwarded.hpp"

#include <gtest/gtest.h>

namespace connector::http {
namespace {

TEST(Forwarded, TheLastAddressCounts) {
  EXPECT_EQ(forwarded_address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(forwarded_address("10.0.0.1, 192.0.2.1 \t"), "192.0.2.1");
  EXPECT_EQ(forwarded_address("192.0.2.1,2001:DB8::0:1"), "2001:db8::1");
  EXPECT_EQ(forwarded_address("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(forwarded_address("fe80::1%eth0"), "fe80::1");
}

TEST(Forwarded, WhatIsNoAddressIsNone) {
  for (const char* text : {"", ",", "192.0.2.1,", "unknown", "192.0.2.1, secret", "192.0.2.1:80", "1.2.3", "_hidden",
                           "192.0.2.1\n192.0.2.2"}) {
    EXPECT_EQ(forwarded_address(text), "") << text;
  }
}

TEST(Forwarded, TheLastProtocolCounts) {
  for (const char* text : {"https", "HTTPS", "http, https", "http,https ", " https"})
    EXPECT_TRUE(forwarded_by_tls(text)) << text;
  for (const char* text : {"", "http", "https, http", "https,", "httpss", "wss", "https http"}) {
    EXPECT_FALSE(forwarded_by_tls(text)) << text;
  }
}

}  // namespace
}  // namespace connector::http
