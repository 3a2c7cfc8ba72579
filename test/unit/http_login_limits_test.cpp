#include <gtest/gtest.h>

#include "http/database/login_limits.hpp"

namespace connector::http {
namespace {

using namespace std::chrono_literals;

const Clock::time_point start{1000h};

TEST(TokenBucketsTest, TokensComeBackAtAnEvenRate) {
  TokenBuckets buckets(3, 10s, 100);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(buckets.left("a", start), 3 - i);
    EXPECT_EQ(buckets.take("a", start), 0s);
  }
  EXPECT_EQ(buckets.left("a", start), 0U);
  EXPECT_EQ(buckets.take("a", start), 10s);
  EXPECT_EQ(buckets.take("a", start + 4s), 6s);
  EXPECT_EQ(buckets.take("b", start), 0s);
  EXPECT_EQ(buckets.take("a", start + 10s), 0s);
  EXPECT_EQ(buckets.take("a", start + 10s), 10s);
  EXPECT_EQ(buckets.left("a", start + 1h), 3U);
}

TEST(TokenBucketsTest, WhatIsGivenBackCanBeTaken) {
  TokenBuckets buckets(1, 10s, 100);
  EXPECT_EQ(buckets.take("a", start), 0s);
  buckets.give_back("a", start);
  EXPECT_EQ(buckets.size(), 0U);
  EXPECT_EQ(buckets.take("a", start), 0s);
  buckets.fill("a");
  EXPECT_EQ(buckets.take("a", start), 0s);
  EXPECT_GT(buckets.take("a", start), 0s);
}

TEST(TokenBucketsTest, FullBucketsAreForgotten) {
  TokenBuckets buckets(2, 10s, 100);
  buckets.take("a", start);
  buckets.take("b", start);
  buckets.take("b", start);
  buckets.tidy(start + 10s);
  EXPECT_EQ(buckets.size(), 1U);
  buckets.tidy(start + 20s);
  EXPECT_EQ(buckets.size(), 0U);
}

TEST(TokenBucketsTest, AFloodOfNamesSharesOneBucket) {
  TokenBuckets buckets(2, 10s, 100);
  std::size_t taken = 0;
  for (int i = 0; i < 100'000; ++i) taken += buckets.take(std::to_string(i), start) == 0s ? 1 : 0;
  EXPECT_EQ(taken, 102U);
  EXPECT_LE(buckets.size(), 101U);
  EXPECT_EQ(buckets.left("another", start), 0U);
  EXPECT_EQ(buckets.take("5", start), 0s);
}

LoginLimits::Limits limits() {
  LoginLimits::Limits limits;
  limits.most_buckets = 100;
  limits.most_proven = 10;
  return limits;
}

TEST(LoginLimitsTest, TenFailuresOfAUser) {
  LoginLimits logins(limits());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 0s);
  EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 6s);
  EXPECT_EQ(logins.begin("192.0.2.1", "bob", start), 0s);
  EXPECT_EQ(logins.begin("192.0.2.2", "alice", start), 0s);
  EXPECT_EQ(logins.begin("192.0.2.1", "alice", start + 6s), 0s);
  EXPECT_GT(logins.begin("192.0.2.1", "alice", start + 6s), 0s);
}

TEST(LoginLimitsTest, ASuccessEndsTheRowOfFailures) {
  LoginLimits logins(limits());
  for (int i = 0; i < 10; ++i) logins.begin("192.0.2.1", "alice", start);
  logins.succeeded("192.0.2.1", "alice", "digest", start);
  EXPECT_TRUE(logins.proven("digest", start));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 0s);
  EXPECT_GT(logins.begin("192.0.2.1", "alice", start), 0s);
  logins.forget("digest");
  EXPECT_FALSE(logins.proven("digest", start));
}

TEST(LoginLimitsTest, AnAddressHasSixty) {
  LoginLimits logins(limits());
  for (int i = 0; i < 60; ++i) EXPECT_EQ(logins.begin("192.0.2.1", std::to_string(i), start), 0s) << i;
  EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 1s);
  // His own log-ins between do not help who guesses others' keys.
  logins.succeeded("192.0.2.1", "59", "digest", start);
  EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 0s);
  EXPECT_EQ(logins.begin("192.0.2.1", "carol", start), 1s);
}

TEST(LoginLimitsTest, ARoleHasTwoHundredFromAllAddresses) {
  LoginLimits::Limits many = limits();
  many.most_buckets = 1000;
  LoginLimits logins(many);
  const auto address = [](int i) { return "192.0.2." + std::to_string(i); };
  for (int i = 0; i < 199; ++i) EXPECT_EQ(logins.begin(address(i), "alice", start), 0s) << i;
  for (int i = 0; i < 10; ++i) {  // one that succeeds costs nothing
    EXPECT_EQ(logins.begin(address(200), "alice", start), 0s);
    logins.succeeded(address(200), "alice", "digest", start);
  }
  EXPECT_EQ(logins.begin(address(201), "alice", start), 0s);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(logins.begin(address(202), "alice", start), 300ms);
  // What was refused so counts nowhere else.
  for (int i = 0; i < 60; ++i) EXPECT_EQ(logins.begin(address(202), std::to_string(i), start), 0s) << i;
}

TEST(LoginLimitsTest, APairInUseStaysProven) {
  LoginLimits logins(limits());
  logins.begin("192.0.2.1", "alice", start);
  logins.succeeded("192.0.2.1", "alice", "digest", start);
  for (int i = 1; i < 10; ++i) {
    EXPECT_TRUE(logins.proven("digest", start + i * 50min)) << i;
    logins.renew("digest", start + i * 50min);
  }
  logins.renew("another", start);
  EXPECT_FALSE(logins.proven("another", start));
  EXPECT_FALSE(logins.proven("digest", start + 520min));
}

TEST(LoginLimitsTest, WhatCameToNoAnswerDoesNotCount) {
  LoginLimits logins(limits());
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(logins.begin("192.0.2.1", "alice", start), 0s);
    logins.take_back("192.0.2.1", "alice", start);
  }
}

TEST(LoginLimitsTest, ANetworkOfIpv6IsOneAddress) {
  LoginLimits logins(limits());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(logins.begin("2001:db8::" + std::to_string(i), "alice", start), 0s);
  }
  EXPECT_GT(logins.begin("2001:db8::ffff", "alice", start), 0s);
  EXPECT_EQ(logins.begin("2001:db8:0:1::1", "alice", start), 0s);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(logins.begin("::ffff:192.0.2.1", "alice", start), 0s);
  EXPECT_GT(logins.begin("192.0.2.1", "alice", start), 0s);
}

TEST(LoginLimitsTest, MemoryIsBounded) {
  LoginLimits logins(limits());
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = std::to_string(i);
    logins.begin("192.0." + std::to_string(i % 256) + "." + std::to_string(i / 256), text, start);
    logins.succeeded("192.0.2.1", text, text, start);
    logins.begin("192.0.2.1", text, start);
  }
  EXPECT_LE(logins.size(), 313U);
  logins.tidy(start + 2h);
  EXPECT_EQ(logins.size(), 0U);
}

TEST(LoginLimitsTest, NamesAndPasswordsThatLibpqTakesAsTheyAre) {
  EXPECT_TRUE(is_role_name("alice"));
  EXPECT_TRUE(is_role_name("J\xc3\xbcrgen o'Neill \"x\""));
  EXPECT_TRUE(is_role_name(std::string(63, 'a')));
  EXPECT_FALSE(is_role_name(std::string(64, 'a')));
  EXPECT_FALSE(is_role_name(""));
  EXPECT_FALSE(is_role_name("alice\n"));
  EXPECT_TRUE(is_password(std::string(1000, 'x')));
  EXPECT_FALSE(is_password(std::string(1001, 'x')));
  EXPECT_FALSE(is_password(""));
  EXPECT_FALSE(is_password("a\tb"));
  EXPECT_FALSE(is_password("a\x7f"));
  EXPECT_FALSE(is_password(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace connector::http
