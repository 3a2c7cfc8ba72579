#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

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

}  // namespace
}  // namespace connector::core
