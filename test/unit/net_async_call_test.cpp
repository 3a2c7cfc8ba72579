#include "core/net/async_call.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

bool is_readable(int fd, int timeout = 0) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, timeout) == 1;
}

/// Counts what comes to the usual wait.
class CountingWait final : public Wait {
 public:
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override {
    ++waits;
    return poll_.wait(sockets, deadline);
  }
  void check() override { ++checks; }
  void limit_silence(const std::function<bool()>& begun) override { limits_silence = static_cast<bool>(begun); }

  int waits = 0;
  int checks = 0;
  bool limits_silence = false;

 private:
  PollWait poll_;
};

/// A connection to a remote that answers when the test wants.
class Connection {
 public:
  explicit Connection(seconds read_timeout = seconds(0)) : wait(usual, read_timeout) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()), 0);
  }
  ~Connection() {
    for (const int end : ends_) close(end);
  }

  char read_byte(Deadline deadline = no_deadline) {
    if ((wait.wait(ends_[0], wait_readable, deadline) & wait_readable) == 0) return '-';
    char byte = 0;
    return read(ends_[0], &byte, 1) == 1 ? byte : '?';
  }
  void answer(char byte) { EXPECT_EQ(write(ends_[1], &byte, 1), 1); }

  CountingWait usual;
  SuspendableWait wait;

 private:
  std::array<int, 2> ends_{};
};

TEST(AsyncCall, WaitsAsUsualOutsideOfACall) {
  Connection remote;
  remote.answer('a');
  EXPECT_EQ(remote.read_byte(), 'a');
  remote.wait.check();
  EXPECT_EQ(remote.usual.waits, 1);
  EXPECT_EQ(remote.usual.checks, 1);
  const LimitedSilence reading(remote.wait, [] { return true; });
  EXPECT_TRUE(remote.usual.limits_silence);
}

TEST(AsyncCall, IsSuspendedWhereItWouldWait) {
  Connection remote;
  AsyncCall call(remote.wait);
  std::string read;
  call.begin([&] {
    read += remote.read_byte();
    read += remote.read_byte();
  });
  EXPECT_FALSE(call.has_ended());
  EXPECT_FALSE(is_readable(call.descriptor(no_deadline)));
  remote.answer('a');
  EXPECT_TRUE(is_readable(call.descriptor(no_deadline)));
  call.go_on();
  EXPECT_EQ(read, "a");
  EXPECT_FALSE(call.has_ended());
  EXPECT_FALSE(is_readable(call.descriptor(no_deadline)));
  call.go_on();  // for nothing
  EXPECT_EQ(read, "a");
  remote.answer('b');
  call.go_on();
  EXPECT_TRUE(call.has_ended());
  EXPECT_TRUE(is_readable(call.descriptor(no_deadline)));
  call.result();
  EXPECT_EQ(read, "ab");
  EXPECT_EQ(remote.usual.waits, 0);
}

TEST(AsyncCall, EndsAtOnceIfThereIsNothingToWaitFor) {
  Connection remote;
  remote.answer('a');
  AsyncCall call(remote.wait);
  char read = 0;
  call.begin([&] { read = remote.read_byte(); });
  EXPECT_TRUE(call.has_ended());
  EXPECT_EQ(read, 'a');
  call.result();
  call.begin([&] { throw std::runtime_error("once more"); });
  EXPECT_THROW(call.result(), std::runtime_error);
  call.result();
}

TEST(AsyncCall, CallsOverlap) {
  Connection one, other;
  AsyncCall first(one.wait), second(other.wait);
  std::string order;
  first.begin([&] { order += one.read_byte(); });
  second.begin([&] { order += other.read_byte(); });
  other.answer('b');
  EXPECT_FALSE(is_readable(first.descriptor(no_deadline)));
  EXPECT_TRUE(is_readable(second.descriptor(no_deadline)));
  second.go_on();
  one.answer('a');
  first.go_on();
  EXPECT_TRUE(first.has_ended() && second.has_ended());
  EXPECT_EQ(order, "ba");
}

TEST(AsyncCall, AConnectionWaitsAsUsualBetweenTwoSteps) {
  Connection remote;
  AsyncCall call(remote.wait);
  call.begin([&] { remote.read_byte(); });
  remote.wait.check();
  EXPECT_EQ(remote.usual.checks, 1);
}

TEST(AsyncCall, EndsAWaitAtItsDeadline) {
  Connection remote;
  AsyncCall call(remote.wait);
  char read = 0;
  call.begin([&] { read = remote.read_byte(Clock::now() + milliseconds(20)); });
  EXPECT_FALSE(call.has_ended());
  EXPECT_TRUE(is_readable(call.descriptor(no_deadline), -1));
  call.go_on();
  EXPECT_TRUE(call.has_ended());
  EXPECT_EQ(read, '-');
}

TEST(AsyncCall, TheDescriptorIsReadableAtTheLatestWhenTheCallerWants) {
  Connection remote;
  AsyncCall call(remote.wait);
  call.begin([&] { remote.read_byte(); });
  EXPECT_TRUE(is_readable(call.descriptor(Clock::now() + milliseconds(20)), -1));
  call.go_on();
  EXPECT_FALSE(call.has_ended());
}

TEST(AsyncCall, EndsIfTheRemoteFallsSilentInItsAnswer) {
  Connection remote(seconds(1));
  AsyncCall call(remote.wait);
  bool begun = false;
  call.begin([&] {
    const LimitedSilence reading(remote.wait, [&] { return begun; });
    remote.read_byte();
    begun = true;
    remote.read_byte();
  });
  EXPECT_FALSE(is_readable(call.descriptor(Clock::now() + seconds(3600)), 1100)) << "no answer has begun";
  remote.answer('a');
  call.go_on();
  EXPECT_FALSE(call.has_ended());
  EXPECT_TRUE(is_readable(call.descriptor(Clock::now() + seconds(3600)), -1));
  call.go_on();
  ASSERT_TRUE(call.has_ended());
  try {
    call.result();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::remote_silent);
  }
  EXPECT_FALSE(remote.usual.limits_silence);
}

TEST(AsyncCall, IsInterruptedWhenItIsLeft) {
  Connection remote;
  AsyncCall call(remote.wait);
  int interrupts = 0;
  call.begin([&] {
    for (int i = 0; i < 2; ++i) {
      try {
        remote.read_byte();
      } catch (const Interrupted&) {
        ++interrupts;
      }
    }
    remote.wait.check();
  });
  call.leave();
  EXPECT_EQ(interrupts, 2);
  EXPECT_TRUE(call.has_ended());
  call.result();
  char read = 0;
  remote.answer('a');
  call.begin([&] { read = remote.read_byte(); });
  EXPECT_EQ(read, 'a') << "a new call is no longer interrupted";
}

TEST(AsyncCall, IsLeftWithTheObject) {
  Connection remote;
  bool interrupted = false;
  {
    AsyncCall call(remote.wait);
    call.begin([&] {
      try {
        remote.read_byte();
      } catch (const Interrupted&) {
        interrupted = true;
        throw;
      }
    });
  }
  EXPECT_TRUE(interrupted);
}

TEST(AsyncCall, CanBeFinishedWithoutAnEventLoop) {
  Connection remote;
  AsyncCall call(remote.wait);
  std::string read;
  call.begin([&] { read = {remote.read_byte(), remote.read_byte(Clock::now() + milliseconds(10))}; });
  EXPECT_FALSE(call.finish_until(Clock::now() + milliseconds(10)));
  remote.answer('a');
  EXPECT_TRUE(call.finish_until(Clock::now() + seconds(3600)));
  EXPECT_EQ(read, "a-");
}

/// A remote that sends without a pause.
TEST(AsyncCall, GivesOthersTheirTurn) {
  Connection remote;
  AsyncCall call(remote.wait);
  bool enough = false;
  int read = 0;
  call.begin([&] {
    while (!enough) {
      remote.answer('a');
      remote.read_byte();
      ++read;
    }
    enough = false;
    while (!enough) remote.wait.check();
  });
  EXPECT_FALSE(call.has_ended());
  EXPECT_GT(read, 1);
  EXPECT_TRUE(is_readable(call.descriptor(no_deadline)));
  enough = true;
  call.go_on();
  EXPECT_FALSE(call.has_ended());
  EXPECT_TRUE(is_readable(call.descriptor(no_deadline)));
  enough = true;
  call.go_on();
  EXPECT_TRUE(call.has_ended());
}

/// A library on a stack of its own within the call, as the sessions of some drivers have it.
TEST(AsyncCall, ALibraryMayHaveAStackOfItsOwn) {
  Connection remote;
  AsyncCall call(remote.wait);
  std::string read;
  call.begin([&] {
    PrivateStack library;
    bool finished = library.start([&] {
      for (int i = 0; i < 2; ++i) {
        try {
          throw std::runtime_error("of the library");
        } catch (const std::runtime_error&) {
          library.suspend();
        }
      }
    });
    while (!finished) {
      try {
        throw 1;
      } catch (int) {
        read += remote.read_byte();
      }
      finished = library.resume();
    }
  });
  for (const char byte : {'a', 'b'}) {
    EXPECT_FALSE(call.has_ended());
    remote.answer(byte);
    try {
      throw 2;
    } catch (int) {
      call.go_on();
    }
  }
  EXPECT_TRUE(call.has_ended());
  EXPECT_EQ(read, "ab");
}

}  // namespace
}  // namespace connector::core
