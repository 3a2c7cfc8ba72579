#include "http/message/credentials.hpp"

#include <gtest/gtest.h>

#include "http/message/base64.hpp"
#include "http/message/reply.hpp"

namespace connector::http {
namespace {

Request request(const char* authorization, Parameters query = {}, const char* body = "{}") {
  Request request;
  if (authorization != nullptr) request.authorization = authorization;
  request.query = std::move(query);
  request.body = core::parse_json(body);
  return request;
}

unsigned refused(const Request& request) {
  try {
    read_credentials(request, false);
    return 0;
  } catch (const Refusal& refusal) {
    return refusal.reply.status;
  }
}

std::string basic(const std::string& pair) {
  return "Basic " + base64url(pair);
}

TEST(Credentials, AKeyStandsInManyPlaces) {
  for (const Request& given :
       {request("Basic YWxpY2U6c2VjcmV0"), request("bAsIc   YWxpY2U6c2VjcmV0"), request("Bearer secret"),
        request(nullptr, {{"api_key", "secret"}}), request(nullptr, {}, R"({"api_key": "secret"})"),
        request("Bearer secret", {{"api_key", "secret"}, {"api_key", "secret"}}, R"({"api_key": "secret"})")}) {
    EXPECT_EQ(read_credentials(given, false).key, "secret");
  }
  EXPECT_EQ(read_credentials(request("Basic YWxpY2U6c2VjcmV0"), false).user, "alice");
  EXPECT_EQ(read_credentials(request(basic("alice:a:b").c_str()), false).key, "a:b");
  EXPECT_FALSE(read_credentials(request("Bearer secret"), false).user);
}

TEST(Credentials, WithoutAKeyNobodyIsAsked) {
  for (const Request& given :
       {request(nullptr), request(""), request("Basic"), request("Basic "), request("Basic !"), request("Bearer"),
        request("Bearer "), request("Digest x"), request("Basicx YTpi"), request(basic("alice").c_str()),
        request(basic("alice:").c_str()), request(basic(":secret").c_str()), request(basic("a:\xff").c_str()),
        request(basic(std::string("a:b\0c", 5)).c_str()), request(nullptr, {{"api_key", ""}}),
        request(nullptr, {{"API_KEY", "secret"}}), request(nullptr, {}, R"({"api_key": 1})"),
        request(nullptr, {}, R"({"api_key": null})"), request(nullptr, {}, R"({"x": {"api_key": "secret"}})")}) {
    EXPECT_EQ(refused(given), 401U);
  }
}

TEST(Credentials, TwoKeysOrUsersAreRefused) {
  EXPECT_EQ(refused(request("Bearer secret", {{"api_key", "other"}})), 400U);
  EXPECT_EQ(refused(request(nullptr, {{"api_key", "a"}, {"api_key", "b"}})), 400U);
  EXPECT_EQ(refused(request(nullptr, {}, R"({"api_key": "a", "api_key": "b"})")), 400U);
  Request both = request("Basic YWxpY2U6c2VjcmV0");
  both.path_user = "alice";
  EXPECT_EQ(refused(both), 0U);
  both.path_user = "bob";
  EXPECT_EQ(refused(both), 401U);
}

TEST(Credentials, TheHostMayNameTheUser) {
  EXPECT_EQ(user_of_host("alice.localhost:8080"), "alice");
  EXPECT_EQ(user_of_host("alice.example.com"), "alice");
  EXPECT_EQ(user_of_host("ALICE.LocalHost:8080"), "alice");
  for (const char* host : {"", "localhost", "localhost:80", "127.0.0.1", "127.0.0.1:80", "[::1]:80", "::1",
                           ".localhost", "alice.", "alice.:80"}) {
    EXPECT_FALSE(user_of_host(host)) << host;
  }
  Request by_host = request("Bearer secret");
  by_host.host = "alice.localhost";
  EXPECT_EQ(read_credentials(by_host, true).host_user, "alice");
  EXPECT_FALSE(read_credentials(by_host, false).host_user);
}

TEST(Base64, OfBothAlphabets) {
  EXPECT_EQ(base64_decoded("YWI="), "ab");
  EXPECT_EQ(base64_decoded("YWI"), "ab");
  EXPECT_EQ(base64_decoded(""), "");
  EXPECT_EQ(base64_decoded("-_8"), base64_decoded("+/8="));
  EXPECT_EQ(base64url(std::string("\xfb\xff", 2)), "-_8");
  for (const char* text : {"Y", "YWI YWI", "YW\nI", "Y=WI", "YWJj\n", "\xc3\xa9"})
    EXPECT_FALSE(base64_decoded(text)) << text;
}

}  // namespace
}  // namespace connector::http
