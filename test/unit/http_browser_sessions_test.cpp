#include "http/keys/browser_sessions.hpp"

#include <gtest/gtest.h>

#include <set>

namespace connector::http {
namespace {

using namespace std::chrono_literals;

const Clock::time_point start = Clock::time_point() + 1000h;

Identity identity_of(const std::string& user) {
  Identity identity;
  identity.user = user;
  identity.password = user + " password";
  return identity;
}

SessionKey begin(BrowserSessions& sessions, const std::string& user, Clock::time_point now = start) {
  Identity identity = identity_of(user);
  return sessions.begin(identity, now);
}

TEST(BrowserSessions, IdAndTokenTogether) {
  BrowserSessions sessions{{}};
  Identity alice = identity_of("alice");
  const SessionKey key = sessions.begin(alice, start);
  EXPECT_EQ(key.id.size(), 43U);
  EXPECT_EQ(key.token.size(), 43U);
  const std::optional<Identity> found = sessions.use(key, start);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "alice");
  EXPECT_EQ(found->password, "alice password");
  EXPECT_EQ(found->session, alice.session);
  EXPECT_EQ(found->valid_until, start + 12h);
  const SessionKey other = begin(sessions, "bob");
  for (const SessionKey& wrong :
       {SessionKey{key.id, other.token}, SessionKey{key.token, key.id}, SessionKey{key.id, ""},
        SessionKey{"", key.token}, SessionKey{alice.session, key.token}, SessionKey{key.id, key.token + "x"}}) {
    EXPECT_FALSE(sessions.use(wrong, start));
  }
  EXPECT_TRUE(sessions.use(key, start)) << "wrong tokens do not end it";
}

TEST(BrowserSessions, AllKeysDiffer) {
  BrowserSessions sessions{{}};
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const SessionKey key = begin(sessions, "role " + std::to_string(i));
    seen.insert(key.id);
    seen.insert(key.token);
  }
  EXPECT_EQ(seen.size(), 200U);
}

TEST(BrowserSessions, EndsUnused) {
  BrowserSessions sessions{{}};
  const SessionKey key = begin(sessions, "alice");
  const std::string name = sessions.use(key, start + 59min)->session;
  EXPECT_EQ(sessions.end_of(name), start + 119min);
  EXPECT_TRUE(sessions.use(key, start + 118min));
  EXPECT_FALSE(sessions.use(key, start + 178min));
  EXPECT_FALSE(sessions.use(name, start + 178min)) << "what is over is not used again";
  EXPECT_EQ(sessions.size(), 1U);
  sessions.tidy(start + 178min);
  EXPECT_EQ(sessions.size(), 0U);
  EXPECT_FALSE(sessions.end_of(name));
}

TEST(BrowserSessions, EndsWhateverItsUse) {
  BrowserSessions sessions{{}};
  const SessionKey key = begin(sessions, "alice");
  std::string name;
  for (auto time = 0min; time < 12h; time += 30min) {
    const std::optional<Identity> found = sessions.use(key, start + time);
    ASSERT_TRUE(found);
    name = found->session;
  }
  EXPECT_EQ(sessions.end_of(name), start + 12h);
  EXPECT_TRUE(sessions.use(name, start + 12h - 1s));
  EXPECT_FALSE(sessions.use(name, start + 12h));
  EXPECT_FALSE(sessions.use(key, start + 12h));
}

TEST(BrowserSessions, AnOpenStreamIsAUse) {
  BrowserSessions sessions{{}};
  const SessionKey key = begin(sessions, "alice");
  const std::string name = sessions.use(key, start)->session;
  EXPECT_TRUE(sessions.use(name, start + 50min));
  EXPECT_TRUE(sessions.use(key, start + 100min));
  EXPECT_FALSE(sessions.use("another", start));
}

TEST(BrowserSessions, LogsOut) {
  BrowserSessions sessions{{}};
  const SessionKey key = begin(sessions, "alice");
  const SessionKey stays = begin(sessions, "alice");
  sessions.end(sessions.use(key, start)->session);
  sessions.end("another");
  EXPECT_FALSE(sessions.use(key, start));
  EXPECT_TRUE(sessions.use(stays, start));
}

TEST(BrowserSessions, OfARoleTheOldestMakesRoom) {
  BrowserSessions sessions{{.of_role = 3}};
  std::vector<SessionKey> keys;
  const SessionKey bob = begin(sessions, "bob");
  for (int i = 0; i < 3; ++i) keys.push_back(begin(sessions, "alice", start + 1s * i));
  EXPECT_TRUE(sessions.use(keys[0], start + 1min));
  keys.push_back(begin(sessions, "alice", start + 2min));
  EXPECT_FALSE(sessions.use(keys[0], start + 2min));
  for (int i = 1; i < 4; ++i) EXPECT_TRUE(sessions.use(keys[static_cast<std::size_t>(i)], start + 2min));
  EXPECT_TRUE(sessions.use(bob, start + 2min));
}

TEST(BrowserSessions, InAllTheOneThatIsNotUsedMakesRoom) {
  BrowserSessions sessions{{.in_all = 3}};
  std::vector<SessionKey> keys;
  for (int i = 0; i < 3; ++i) keys.push_back(begin(sessions, "role " + std::to_string(i), start + 1s * i));
  EXPECT_TRUE(sessions.use(keys[0], start + 1min));
  begin(sessions, "late", start + 2min);
  EXPECT_EQ(sessions.size(), 3U);
  EXPECT_TRUE(sessions.use(keys[0], start + 2min));
  EXPECT_FALSE(sessions.use(keys[1], start + 2min));
  EXPECT_TRUE(sessions.use(keys[2], start + 2min));
}

TEST(BrowserSessions, WhatIsOverTakesNoRoom) {
  BrowserSessions sessions{{.of_role = 2, .in_all = 2}};
  begin(sessions, "alice");
  const SessionKey used = begin(sessions, "bob");
  EXPECT_TRUE(sessions.use(used, start + 59min));
  begin(sessions, "carol", start + 61min);
  EXPECT_TRUE(sessions.use(used, start + 61min));
}

TEST(BrowserSessions, OneOfSeveralKeysIsEnough) {
  BrowserSessions sessions{{}};
  Identity alice{.user = "alice", .password = "secret"};
  const SessionKey key = sessions.begin(alice, start);
  EXPECT_EQ(sessions.use_any({{"planted", key.token}, key}, start)->user, "alice");
  EXPECT_FALSE(sessions.use_any({{"planted", key.token}, {key.id, "wrong"}}, start));
  EXPECT_FALSE(sessions.use_any({}, start));
}

}  // namespace
}  // namespace connector::http
