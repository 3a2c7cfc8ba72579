#include "core/net/joint_descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

class JointDescriptors : public testing::Test {
 protected:
  JointDescriptors() {
    for (auto& pair : pairs_) EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  }
  ~JointDescriptors() override {
    for (const auto& pair : pairs_) {
      for (const int end : pair) close(end);
    }
  }

  int near(int i) const { return pairs_[i][0]; }
  void send(int i) const { EXPECT_EQ(write(pairs_[i][1], "x", 1), 1); }
  void receive(int i) const {
    char byte;
    EXPECT_EQ(read(near(i), &byte, 1), 1);
  }
  bool is_readable(int milliseconds = 0) const {
    pollfd entry{joint_.get(), POLLIN, 0};
    return poll(&entry, 1, milliseconds) == 1;
  }
  void stand_for(std::vector<WaitSocket> sockets, Deadline deadline = no_deadline) {
    joint_.stand_for(sockets, deadline);
  }

  int pairs_[2][2];
  JointDescriptor joint_;
};

TEST_F(JointDescriptors, IsReadableWhenAnyOfTheSocketsIsReady) {
  stand_for({{near(0), wait_readable}, {near(1), wait_readable}});
  EXPECT_FALSE(is_readable());
  send(1);
  EXPECT_TRUE(is_readable());
  EXPECT_TRUE(is_readable());
  receive(1);
  EXPECT_FALSE(is_readable());
  send(0);
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, KnowsBothDirections) {
  stand_for({{near(0), wait_readable | wait_writable}});
  EXPECT_TRUE(is_readable());
  stand_for({{near(0), wait_readable}});
  EXPECT_FALSE(is_readable());
  stand_for({{near(0), wait_writable}});
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, PassesOverWhatNobodyWaitsFor) {
  send(0);
  stand_for({{near(0), wait_none}, {-1, wait_readable}});
  EXPECT_FALSE(is_readable());
  stand_for({});
  EXPECT_FALSE(is_readable());
}

TEST_F(JointDescriptors, ForgetsSocketsOfEarlierWaits) {
  send(0);
  stand_for({{near(0), wait_readable}});
  EXPECT_TRUE(is_readable());
  stand_for({{near(1), wait_readable}});
  EXPECT_FALSE(is_readable());
  stand_for({{near(0), wait_readable}});
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, SeesThatANumberBelongsToAnotherSocketNow) {
  stand_for({{near(0), wait_readable}});
  send(1);
  EXPECT_FALSE(is_readable());
  EXPECT_EQ(dup2(near(1), near(0)), near(0));
  stand_for({{near(0), wait_readable}});
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, IsReadableBehindTheDeadline) {
  stand_for({{near(0), wait_readable}}, std::chrono::steady_clock::now());
  EXPECT_TRUE(is_readable());
  stand_for({{near(0), wait_readable}});
  EXPECT_FALSE(is_readable());
  stand_for({}, std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_TRUE(is_readable(-1));
  stand_for({}, std::chrono::steady_clock::now() + std::chrono::hours(1));
  EXPECT_FALSE(is_readable());
  stand_for({}, Deadline{});
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, SeesALostConnection) {
  stand_for({{near(0), wait_readable}});
  EXPECT_FALSE(is_readable());
  shutdown(pairs_[0][1], SHUT_RDWR);
  EXPECT_TRUE(is_readable());
}

TEST_F(JointDescriptors, TellsWhatCanNotBeWaitedFor) {
  const Descriptor file(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(stand_for({{file.get(), wait_readable}}), Error);
}

}  // namespace
}  // namespace connector::core
