#include "http/message/browser.hpp"

#include <gtest/gtest.h>

#include "http/message/reply.hpp"

namespace connector::http {
namespace {

TEST(Browser, HostsOfLoopback) {
  for (const char* host : {"localhost", "LocalHost:8080", "alice.localhost", "alice.localhost:80", "127.0.0.1",
                           "127.0.0.1:80", "127.255.0.1", "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(is_loopback_host(host)) << host;
  }
  for (const char* host :
       {"", ":80", "example.com", "localhost.example.com", "notlocalhost", "127.0.0.1.example.com", "127.1",
        "0x7f.0.0.1", "128.0.0.1", "0.0.0.0", "::1", "[::1", "[::1]x", "[::2]", "[]", "localhost."}) {
    EXPECT_FALSE(is_loopback_host(host)) << host;
  }
}

Request request_of(const char* host, bool is_secure = false) {
  Request request;
  request.host = host;
  request.is_secure = is_secure;
  return request;
}

TEST(Browser, Origins) {
  const auto is_same = [](Request request, const char* origin) {
    request.origin = origin;
    return is_same_origin(request);
  };
  EXPECT_TRUE(is_same_origin(request_of("h")));
  EXPECT_TRUE(is_same(request_of("localhost:8080"), "http://localhost:8080"));
  EXPECT_TRUE(is_same(request_of("API.example.com", true), "https://api.example.com"));
  EXPECT_TRUE(is_same(request_of("[::1]:8080"), "http://[::1]:8080"));
  for (const char* origin : {"", "null", "http://localhost", "http://localhost:8081", "https://localhost:8080",
                             "http://alice.localhost:8080", "localhost:8080", "http://localhost:8080/"}) {
    EXPECT_FALSE(is_same(request_of("localhost:8080"), origin)) << origin;
  }
  EXPECT_FALSE(is_same(request_of("api.example.com", true), "http://api.example.com"));
}

TEST(Browser, WhatABrowserSaysOfTheSite) {
  const auto is_same = [](const char* site) {
    Request request = request_of("h");
    request.sec_fetch_site = site;
    return is_same_origin(request);
  };
  EXPECT_TRUE(is_same("same-origin"));
  EXPECT_TRUE(is_same("none"));
  for (const char* site : {"same-site", "cross-site", "", "Same-Origin", "new-value"})
    EXPECT_FALSE(is_same(site)) << site;
  Request both = request_of("h");
  both.sec_fetch_site = "cross-site";
  both.origin = "http://h";
  EXPECT_FALSE(is_same_origin(both));
}

TEST(Browser, WithoutTlsOnOneMachineOnly) {
  const auto protects = [](bool is_secure, bool listens_on_loopback, const char* address, const char* host) {
    Request request = request_of(host, is_secure);
    request.listens_on_loopback = listens_on_loopback;
    request.address = address;
    return is_protected(request);
  };
  EXPECT_TRUE(protects(true, false, "192.0.2.1", "api.example.com"));
  EXPECT_TRUE(protects(false, true, "127.0.0.1", "localhost:8080"));
  EXPECT_TRUE(protects(false, true, "::1", "[::1]"));
  EXPECT_FALSE(protects(false, false, "127.0.0.1", "localhost"));
  EXPECT_FALSE(protects(false, true, "192.0.2.1", "localhost"));
  EXPECT_FALSE(protects(false, true, "127.0.0.1", "rebound.example.com"));
  EXPECT_FALSE(protects(false, true, "", "localhost"));
}

TEST(Browser, RefusalsSayWhatToDo) {
  const auto status = [](const Request& request) {
    try {
      require_browser(request);
      return std::string();
    } catch (const Refusal& refusal) {
      EXPECT_EQ(refusal.reply.status, 403U);
      const Json body = Json::parse(refusal.reply.body);
      EXPECT_TRUE(body.contains("hint"));
      return body["errors"].get<std::string>();
    }
  };
  EXPECT_EQ(status(request_of("h", true)), "");
  EXPECT_EQ(status(request_of("h")), "the page needs TLS");
  Request other = request_of("h", true);
  other.origin = "https://other";
  EXPECT_EQ(status(other), "the request comes from another origin");
}

}  // namespace
}  // namespace connector::http
