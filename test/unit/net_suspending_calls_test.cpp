#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/net/suspending_calls.hpp"

namespace connector::core {
namespace {

Deadline in_ms(int milliseconds) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
}

/// Throws Interrupted at the wait or check of this number.
class InterruptedWait final : public Wait {
 public:
  explicit InterruptedWait(int calls) : calls_(calls) {}
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override {
    check();
    return poll_.wait(sockets, deadline);
  }
  void check() override {
    if (calls_-- == 0) throw Interrupted{};
  }

 private:
  int calls_;
  PollWait poll_;
};

/// A driver of a library whose calls read from a socket.
class Driver final : public SuspendingCalls {
 public:
  explicit Driver(Wait& wait, Deadline deadline = no_deadline) : SuspendingCalls(wait, deadline) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0);
  }
  ~Driver() override {
    for (const int end : ends_) close(end);
  }

  using SuspendingCalls::allow_bytes;
  using SuspendingCalls::be_served;
  using SuspendingCalls::begin;
  using SuspendingCalls::is_suspended;
  using SuspendingCalls::leave;
  using SuspendingCalls::run;
  using SuspendingCalls::take_turn;

  /// On the library's stack: one byte, or 0 if there is none to be had.
  char read_byte() {
    EXPECT_TRUE(is_inside_);
    if (!wait_outside(ends_[0], wait_readable)) return 0;
    char byte = 0;
    if (read(ends_[0], &byte, 1) != 1 || !count_received(1)) {
      give_up();
      return 0;
    }
    return byte;
  }
  void fail_for_good() { abandon(); }
  void server_sends(std::string_view bytes) {
    EXPECT_EQ(write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  std::vector<std::string> events;
  bool answers_to_stop = false;
  int served = 0;

 private:
  void library_begins() noexcept override { is_inside_ = true; }
  void library_ends() noexcept override { is_inside_ = false; }
  bool serve() override {
    ++served;
    return SuspendingCalls::serve();
  }
  void stop_remote() noexcept override {
    events.emplace_back("stop");
    if (!answers_to_stop) return;
    server_sends("s");
    go_on_until(in_ms(10000));
  }
  void give_up() noexcept override {
    events.emplace_back("give up");
    fail_waits(ends_[0]);
  }
  void throw_failure(CallFailure why) override {
    throw std::runtime_error(why == CallFailure::late       ? "late"
                             : why == CallFailure::too_much ? "too much"
                                                            : "abandoned");
  }

  int ends_[2] = {-1, -1};
  bool is_inside_ = false;
};

std::string failure(Driver& driver, const std::function<void()>& function, std::size_t max_bytes = 100) {
  try {
    driver.run(function, max_bytes);
  } catch (const std::runtime_error& error) {
    return error.what();
  } catch (const Interrupted&) {
    return "interrupted";
  }
  return "";
}

using Events = std::vector<std::string>;

TEST(SuspendingCalls, TheCallerWaitsForTheLibrary) {
  PollWait wait;
  Driver driver(wait);
  driver.server_sends("ab");
  std::string read;
  EXPECT_EQ(failure(driver, [&] { read = {driver.read_byte(), driver.read_byte()}; }), "");
  EXPECT_EQ(read, "ab");
  EXPECT_EQ(driver.served, 2);
  EXPECT_FALSE(driver.is_suspended());
  EXPECT_TRUE(driver.usable());
}

TEST(SuspendingCalls, WhatTheFunctionThrowsComesOut) {
  PollWait wait;
  Driver driver(wait);
  driver.server_sends("a");
  EXPECT_EQ(failure(driver,
                    [&] {
                      driver.read_byte();
                      throw std::runtime_error("of the call");
                    }),
            "of the call");
  EXPECT_TRUE(driver.usable());
}

TEST(SuspendingCalls, AnInterruptStopsTheRemoteAndEndsTheCall) {
  InterruptedWait wait(1);
  Driver driver(wait);
  driver.server_sends("a");
  std::string read;
  bool ended = false;
  EXPECT_EQ(failure(driver,
                    [&] {
                      read = {driver.read_byte(), driver.read_byte()};
                      ended = true;
                    }),
            "interrupted");
  EXPECT_EQ(read, std::string("a\0", 2));
  EXPECT_TRUE(ended);
  EXPECT_EQ(driver.events, (Events{"stop", "give up"}));
  EXPECT_FALSE(driver.usable());
  EXPECT_FALSE(driver.is_suspended());
}

TEST(SuspendingCalls, AServerThatStopsIsHeardBeforeTheConnectionIsGivenUp) {
  InterruptedWait wait(0);
  Driver driver(wait);
  driver.answers_to_stop = true;
  char read = 0;
  EXPECT_EQ(failure(driver, [&] { read = driver.read_byte(); }), "interrupted");
  EXPECT_EQ(read, 's');
  EXPECT_EQ(driver.events, (Events{"stop", "give up"}));
}

TEST(SuspendingCalls, TheDeadlineEndsACallThatWaitsAndOneThatNeverDoes) {
  PollWait wait;
  Driver silent(wait, in_ms(20));
  EXPECT_EQ(failure(silent, [&] { silent.read_byte(); }), "late");
  EXPECT_FALSE(silent.usable());
  Driver busy(wait, in_ms(20));
  EXPECT_EQ(failure(busy,
                    [&] {
                      while (busy.usable()) busy.take_turn();
                    }),
            "late");
  Driver later(wait, in_ms(-1));
  later.set_deadline(no_deadline);
  later.server_sends("a");
  EXPECT_EQ(failure(later, [&] { later.read_byte(); }), "");
}

TEST(SuspendingCalls, AnAnswerIsBounded) {
  PollWait wait;
  Driver driver(wait);
  driver.server_sends("abcd");
  std::string read;
  const auto function = [&] {
    while (const char byte = driver.read_byte()) read += byte;
  };
  EXPECT_EQ(failure(driver, function, 3), "too much");
  EXPECT_EQ(read, "ab");
  EXPECT_FALSE(driver.usable());

  Driver allowed(wait);
  allowed.server_sends("abcd");
  EXPECT_EQ(failure(
                allowed,
                [&] {
                  allowed.allow_bytes(5);
                  for (int i = 0; i < 4; ++i) EXPECT_NE(allowed.read_byte(), 0);
                },
                1),
            "");
}

TEST(SuspendingCalls, AbandonedCallsAreNeverContinued) {
  PollWait wait;
  Driver driver(wait);
  bool ended = false;
  EXPECT_EQ(failure(driver,
                    [&] {
                      driver.fail_for_good();
                      ended = true;
                    }),
            "abandoned");
  EXPECT_FALSE(ended);
  EXPECT_FALSE(driver.usable());
  EXPECT_TRUE(driver.events.empty());
}

TEST(SuspendingCalls, ASuspendedCallCanBeLeft) {
  PollWait wait;
  Driver driver(wait);
  bool ended = false;
  EXPECT_FALSE(driver.begin([&] {
    driver.read_byte();
    ended = true;
  }));
  EXPECT_TRUE(driver.is_suspended());
  driver.leave();
  EXPECT_TRUE(ended);
  EXPECT_FALSE(driver.is_suspended());
  EXPECT_EQ(driver.events, (Events{"stop", "give up"}));
}

}  // namespace
}  // namespace connector::core
