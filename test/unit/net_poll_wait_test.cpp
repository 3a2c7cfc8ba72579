#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "core/net/wait.hpp"

namespace connector::core {
namespace {

class PollWaitTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  void TearDown() override {
    for (const int end : ends_) {
      if (end >= 0) close(end);
    }
  }
  static Deadline now() { return std::chrono::steady_clock::now(); }

  int ends_[2] = {-1, -1};
  PollWait wait_;
};

TEST_F(PollWaitTest, TellsWhatIsReady) {
  EXPECT_EQ(wait_.wait(ends_[0], wait_writable, no_deadline), wait_writable);
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable | wait_writable, no_deadline), wait_writable);
  ASSERT_EQ(write(ends_[1], "x", 1), 1);
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable, no_deadline), wait_readable);
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable | wait_writable, no_deadline),
            static_cast<unsigned>(wait_readable | wait_writable));
}

TEST_F(PollWaitTest, ReturnsNothingAtTheDeadline) {
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable, now() - std::chrono::seconds(1)), wait_none);
  const auto deadline = now() + std::chrono::milliseconds(20);
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable, deadline), wait_none);
  EXPECT_GE(now(), deadline);
}

TEST_F(PollWaitTest, WaitsForTheDeadlineAlone) {
  const auto deadline = now() + std::chrono::milliseconds(20);
  EXPECT_EQ(wait_.wait(-1, wait_readable, deadline), wait_none);
  EXPECT_GE(now(), deadline);
  EXPECT_EQ(wait_.wait(ends_[0], wait_none, now()), wait_none);
}

TEST_F(PollWaitTest, AClosedPeerIsReadyForEverythingAsked) {
  close(ends_[1]);
  ends_[1] = -1;
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable, no_deadline), wait_readable);
  EXPECT_EQ(wait_.wait(ends_[0], wait_readable | wait_writable, no_deadline),
            static_cast<unsigned>(wait_readable | wait_writable));
}

TEST_F(PollWaitTest, ABadDescriptorIsReadyForEverythingAsked) {
  const int closed = ends_[1];
  close(ends_[1]);
  ends_[1] = -1;
  EXPECT_EQ(wait_.wait(closed, wait_readable, no_deadline), wait_readable);
}

class PollWaitForTwo : public PollWaitTest {
 protected:
  void SetUp() override {
    PollWaitTest::SetUp();
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, others_), 0);
    sockets_[0] = {ends_[0], wait_readable};
    sockets_[1] = {others_[0], wait_readable};
  }
  void TearDown() override {
    PollWaitTest::TearDown();
    for (const int end : others_) {
      if (end >= 0) close(end);
    }
  }
  static void let_read(int peer) { ASSERT_EQ(write(peer, "x", 1), 1); }

  int others_[2] = {-1, -1};
  WaitSocket sockets_[2];
};

TEST_F(PollWaitForTwo, OneIsReady) {
  let_read(others_[1]);
  sockets_[0].ready = wait_readable;  // of the wait before
  EXPECT_TRUE(wait_.wait(sockets_, no_deadline));
  EXPECT_EQ(sockets_[0].ready, wait_none);
  EXPECT_EQ(sockets_[1].ready, wait_readable);
}

TEST_F(PollWaitForTwo, BothAreReadyForDifferentThings) {
  let_read(ends_[1]);
  sockets_[1].wanted = wait_readable | wait_writable;
  EXPECT_TRUE(wait_.wait(sockets_, no_deadline));
  EXPECT_EQ(sockets_[0].ready, wait_readable);
  EXPECT_EQ(sockets_[1].ready, wait_writable);
}

TEST_F(PollWaitForTwo, NoneIsReadyUntilTheDeadline) {
  const auto deadline = now() + std::chrono::milliseconds(20);
  EXPECT_FALSE(wait_.wait(sockets_, deadline));
  EXPECT_GE(now(), deadline);
  EXPECT_EQ(sockets_[0].ready | sockets_[1].ready, wait_none);
}

TEST_F(PollWaitForTwo, AClosedPeerIsReadyBesideASilentOne) {
  close(others_[1]);
  others_[1] = -1;
  sockets_[1].wanted = wait_readable | wait_writable;
  EXPECT_TRUE(wait_.wait(sockets_, no_deadline));
  EXPECT_EQ(sockets_[0].ready, wait_none);
  EXPECT_EQ(sockets_[1].ready, static_cast<unsigned>(wait_readable | wait_writable));
}

TEST_F(PollWaitForTwo, WhatIsNoSocketOrNotWantedIsPassedOver) {
  let_read(ends_[1]);
  let_read(others_[1]);
  sockets_[0].fd = -1;
  EXPECT_TRUE(wait_.wait(sockets_, no_deadline));
  EXPECT_EQ(sockets_[0].ready, wait_none);
  sockets_[1].wanted = wait_none;
  EXPECT_FALSE(wait_.wait(sockets_, now()));
}

TEST_F(PollWaitForTwo, MoreThanAFew) {
  std::vector<WaitSocket> many(100);
  many.push_back(sockets_[0]);
  let_read(ends_[1]);
  EXPECT_TRUE(wait_.wait(many, no_deadline));
  EXPECT_EQ(many.back().ready, wait_readable);
  EXPECT_EQ(many.front().ready, wait_none);
}

TEST_F(PollWaitTest, NoSocketsAtAll) {
  EXPECT_FALSE(wait_.wait(std::span<WaitSocket>(), now()));
}

}  // namespace
}  // namespace connector::core
