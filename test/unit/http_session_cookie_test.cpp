#include "http/message/session_cookie.hpp"

#include <gtest/gtest.h>

#include "http/message/credentials.hpp"
#include "http/message/reply.hpp"

namespace connector::http {
namespace {

using Texts = std::vector<std::string>;

/// A request of the page on the machine of the program, by cookie and token.
Request request_of(const char* cookie, const char* token = "t") {
  Request request;
  request.host = "localhost:8080";
  request.address = "127.0.0.1";
  request.listens_on_loopback = true;
  if (cookie != nullptr) request.cookie = cookie;
  if (token != nullptr) request.token = token;
  return request;
}

unsigned refused(const Request& request) {
  try {
    read_credentials(request, true);
    return 0;
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.reply.status == 401, refusal.reply.body.empty());
    return refusal.reply.status;
  }
}

TEST(SessionCookie, ItsValue) {
  for (const char* header :
       {"a=1", "a=1; b=2", "b=2; a=1", "b=2;a=1", "aa=3; a=1; A=4", " a = 1 ;b", "a; a=1", "; ;a=1;"}) {
    EXPECT_EQ(cookie_values(header, "a"), Texts{"1"}) << header;
  }
  for (const char* header : {"", "b=1", "A=1", "a", "aa=1", "b=a=1", ";", "=1", "a 1"}) {
    EXPECT_TRUE(cookie_values(header, "a").empty()) << header;
  }
  EXPECT_EQ(cookie_values("a=", "a"), Texts{""});
  EXPECT_EQ(cookie_values("a==b", "a"), Texts{"=b"});
  EXPECT_EQ(cookie_values("b=1; b=2; a=1", "a"), Texts{"1"});
  EXPECT_EQ(cookie_values("a=1;b=2; a=3;a=", "a"), (Texts{"1", "3", ""}));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a=1;";
  EXPECT_EQ(cookie_values(many, "a").size(), 16U);
}

TEST(SessionCookie, BothPartsAreWanted) {
  const Credentials credentials = read_credentials(request_of("x=y; connector_session=i"), true);
  ASSERT_EQ(credentials.sessions.size(), 1U);
  EXPECT_EQ(credentials.sessions[0].id, "i");
  EXPECT_EQ(credentials.sessions[0].token, "t");
  EXPECT_TRUE(credentials.key.empty());
  EXPECT_EQ(refused(request_of(nullptr)), 401U);
  EXPECT_EQ(refused(request_of("connector_session=i", nullptr)), 401U);
  EXPECT_EQ(refused(request_of("__Host-connector_session=i")), 401U);
  // Another server of the host may have set one, too.
  EXPECT_EQ(read_credentials(request_of("connector_session=x; connector_session=i"), true).sessions.at(1).id, "i");
}

TEST(SessionCookie, ByTlsItHasAnotherName) {
  Request request = request_of("connector_session=i; __Host-connector_session=j");
  request.is_secure = true;
  EXPECT_EQ(read_credentials(request, true).sessions.at(0).id, "j");
  request.cookie = "connector_session=i";
  EXPECT_EQ(refused(request), 401U);
}

TEST(SessionCookie, OtherOriginsAreRefused) {
  Request request = request_of("connector_session=i");
  request.origin = "http://localhost:3000";
  EXPECT_EQ(refused(request), 403U);
  request.token.reset();
  EXPECT_EQ(refused(request), 403U);
}

TEST(SessionCookie, OtherCredentialsCountAlone) {
  Request request = request_of("connector_session=i; connector_session=j");
  request.origin = "http://elsewhere.example";
  request.authorization = "Bearer secret";
  const Credentials credentials = read_credentials(request, true);
  EXPECT_EQ(credentials.key, "secret");
  EXPECT_TRUE(credentials.sessions.empty());
  request.authorization = "Bearer";
  EXPECT_EQ(refused(request), 401U);
  request = request_of("connector_session=i");
  request.query = {{"api_key", "secret"}};
  EXPECT_TRUE(read_credentials(request, true).sessions.empty());
  request.query = {{"api_key", ""}};
  EXPECT_EQ(refused(request), 401U);
}

TEST(SessionCookie, WhatABrowserIsTold) {
  EXPECT_EQ(session_cookie("i", false), "connector_session=i; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(session_cookie("i", true), "__Host-connector_session=i; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_EQ(session_cookie("", false), "connector_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

}  // namespace
}  // namespace connector::http
