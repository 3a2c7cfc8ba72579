// Waiting for a socket, in a way that a caller can interrupt.
//
// Every wait of every driver goes through this interface: PostgreSQL's signal handlers are SA_RESTART,
// so a driver left in a blocking recv() could not be cancelled.
#pragma once

#include <chrono>
#include <functional>

namespace connector::core {

/// Sockets are waited for by these bits; they may be combined.
enum WaitEvents : unsigned { wait_none = 0, wait_readable = 1, wait_writable = 2 };

/// A point in time after which to give up.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline no_deadline = Deadline::max();

/// Blocks the caller; implemented by src/pg with a latch and by PollWait with poll().
class Wait {
 public:
  virtual ~Wait() = default;

  /// Waits until `fd` is ready for one of `events` or `deadline` has passed. Returns the ready events,
  /// or wait_none at the deadline. An error on the socket counts as ready for everything asked.
  /// `fd` may be -1 to wait for the deadline alone.
  /// Throws Interrupted when the caller was asked to stop.
  virtual unsigned wait(int fd, unsigned events, Deadline deadline) = 0;

  /// Throws Interrupted when the caller was asked to stop; else returns at once.
  virtual void check() = 0;

  /// While `begun` is there and says that the remote's answer has begun, a wait for more of it that lasts longer than
  /// the implementation's limit throws Error (remote_silent). An empty one ends that. Without a limit: does nothing.
  virtual void limit_silence(const std::function<bool()>& /*begun*/) {}
};

/// The scope in which an answer is read.
class LimitedSilence {
 public:
  LimitedSilence(Wait& wait, const std::function<bool()>& begun) : wait_(wait) { wait_.limit_silence(begun); }
  ~LimitedSilence() { wait_.limit_silence({}); }
  LimitedSilence(const LimitedSilence&) = delete;
  LimitedSilence& operator=(const LimitedSilence&) = delete;

 private:
  Wait& wait_;
};

/// poll() without interrupts: for clean-up within a deadline after the caller was interrupted, and for
/// programs without PostgreSQL. Never throws.
class PollWait final : public Wait {
 public:
  unsigned wait(int fd, unsigned events, Deadline deadline) noexcept override;
  void check() noexcept override {}
};

}  // namespace connector::core
