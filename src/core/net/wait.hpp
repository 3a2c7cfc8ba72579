// Waiting for sockets, in a way that a caller can interrupt.
//
// Every wait of every driver goes through this interface: PostgreSQL's signal handlers are SA_RESTART,
// so a driver left in a blocking recv() could not be cancelled.
#pragma once

#include <chrono>
#include <functional>
#include <span>

namespace connector::core {

/// Sockets are waited for by these bits; they may be combined.
enum WaitEvents : unsigned { wait_none = 0, wait_readable = 1, wait_writable = 2 };

/// A point in time after which to give up.
using Deadline = std::chrono::steady_clock::time_point;
inline constexpr Deadline no_deadline = Deadline::max();

/// A socket to be waited for, and what came of it.
struct WaitSocket {
  int fd = -1;  ///< -1: none, this entry is passed over
  unsigned wanted = wait_none;
  unsigned ready = wait_none;  ///< set by the wait: the wanted events that the socket is ready for
};

/// Blocks the caller; implemented by src/pg with a latch and by PollWait with poll().
class Wait {
 public:
  virtual ~Wait() = default;

  /// Waits until one of the sockets is ready for something that is wanted of it, or `deadline` has passed, and sets
  /// `ready` of each. False: none is ready, the deadline has passed. Without sockets the deadline alone ends it. An
  /// error on a socket counts as ready for all that is wanted. A socket may stand in the list once. Throws Interrupted
  /// when the caller was asked to stop.
  virtual bool wait(std::span<WaitSocket> sockets, Deadline deadline) = 0;

  /// The same for one socket, or none (`fd` -1). Returns the ready events, or wait_none at the deadline.
  unsigned wait(int fd, unsigned events, Deadline deadline) {
    WaitSocket socket{fd, events};
    wait({&socket, 1}, deadline);
    return socket.ready;
  }

  /// Throws Interrupted when the caller was asked to stop; else returns at once.
  virtual void check() = 0;

  /// While `begun` is there and says that the remote's answer has begun, a wait for more of it that lasts longer than
  /// the implementation's limit throws Error (remote_silent). An empty one ends that. Without a limit: does nothing.
  virtual void limit_silence(const std::function<bool()>& /*begun*/) {}

  /// While `stop` is there, another thread calls it when the caller is asked to stop: for a library whose calls block,
  /// and end when that thread says so. It may be called several times, also between two calls of the library, and must
  /// not throw. An empty one ends that, and returns when no `stop` is being called any more. An implementation without
  /// threads never calls it.
  virtual void stop_calls_by(const std::function<void()>& /*stop*/) {}
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
/// programs without PostgreSQL. Throws nothing but std::bad_alloc, and that only for more sockets than a few.
class PollWait final : public Wait {
 public:
  using Wait::wait;
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override;
  void check() noexcept override {}
};

}  // namespace connector::core
