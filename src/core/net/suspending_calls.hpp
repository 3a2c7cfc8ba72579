// Calls of a client library that waits inside them, made so that the waiting is done outside, through core::Wait.
//
// The library runs on a core::PrivateStack. Where it would wait it calls a hook of the driver's instead, which suspends
// the stack with wait_outside() or take_turn(); the caller, on the usual stack, waits and goes on with the call. If the
// wait is interrupted or the deadline passes, the call is brought to its end first: a suspended stack holds memory and
// locks of the library.
#pragma once

#include <cstddef>
#include <functional>

#include "core/net/private_stack.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

/// The base of a driver's session. One call at a time.
class SuspendingCalls {
 public:
  /// More than enough for anything but the rows of a source: metadata, the catalog's facts of one table.
  static constexpr std::size_t max_answer_bytes = 256 * 1024 * 1024;
  static constexpr std::size_t any_bytes = static_cast<std::size_t>(-1);

  /// `wait` outlives the object. `deadline` bounds all calls until it is changed.
  SuspendingCalls(Wait& wait, Deadline deadline) : wait_(wait), deadline_(deadline) {}
  SuspendingCalls(const SuspendingCalls&) = delete;
  SuspendingCalls& operator=(const SuspendingCalls&) = delete;

  void set_deadline(Deadline deadline) noexcept { deadline_ = deadline; }
  /// False once the connection was given up, or the library with it.
  bool usable() const noexcept { return !failing_ && !is_abandoned_; }

 protected:
  /// Nothing is brought to its end here: the driver's destructor knows what that takes.
  virtual ~SuspendingCalls() = default;

  /// Why a call came to no good end.
  enum class CallFailure {
    late,       ///< the deadline has passed
    too_much,   ///< the server sent more than the call may receive
    abandoned,  ///< the library can't go on
  };

  /// Runs `function` on the library's stack. It must not use core::Wait, nor call the library while an exception is on
  /// its way. What it throws comes out here. If the wait is interrupted or the deadline passes, the remote statement is
  /// stopped, the connection is given up, the call is brought to its end, and the interrupt or the driver's error is
  /// thrown. An answer of more than `max_bytes` bytes is left, too.
  void run(const std::function<void()>& function, std::size_t max_bytes);

  // For the library's hooks, on its stack.

  /// Suspends the call until `socket` is ready for `events`. False: waits fail, the connection was given up.
  bool wait_outside(int socket, unsigned events);
  /// A server that sends without a pause never makes the library wait: called for each read of the library, this gives
  /// the caller its turn now and then.
  void take_turn();
  /// Suspends the call until serve() has done what the driver wants of it. Result as of wait_outside().
  bool be_served() { return wait_outside(-1, wait_none); }
  /// Counts what was received. False if the call may not receive so much: then the connection must be given up.
  bool count_received(std::size_t bytes) noexcept;
  /// From here on the call may receive that many bytes.
  void allow_bytes(std::size_t bytes) noexcept { bytes_left_ = bytes; }
  /// Leaves the library where it is, for good: neither this call goes on nor any other begins.
  [[noreturn]] void abandon();

  // For the driver, on the usual stack.

  /// Begins a call, and goes on with a suspended one. True: it has returned.
  bool begin(const std::function<void()>& function);
  bool go_on();
  /// Goes on with a suspended call until it has returned or `until` has passed, waiting without interrupts. True: it
  /// has returned.
  bool go_on_until(Deadline until);
  /// Stops the remote statement, gives the connection up, and brings the suspended call to its end.
  void leave();
  /// Brings a call to its end whose waits fail.
  void finish();
  /// Makes waits of the library fail from here on, and resets the connection: a server in the middle of a write ends,
  /// too. `socket` may be -1.
  void fail_waits(int socket) noexcept;

  bool is_suspended() const noexcept { return stack_.is_suspended(); }
  bool waits_fail() const noexcept { return failing_; }
  bool is_abandoned() const noexcept { return is_abandoned_; }
  Wait& wait() noexcept { return wait_; }
  Deadline deadline() const noexcept { return deadline_; }

  // What differs between drivers.

  /// The library is about to run for this session, and has stopped to: its hooks have no other way to find the session.
  virtual void library_begins() noexcept = 0;
  virtual void library_ends() noexcept = 0;
  /// On the usual stack: does what the suspended call wants. False at the deadline. Throws what the wait throws.
  virtual bool serve();
  /// Asks the server to stop the statement of the suspended call, if there is one; within a second.
  virtual void stop_remote() noexcept = 0;
  /// Gives the connection up, by fail_waits().
  virtual void give_up() noexcept = 0;
  [[noreturn]] virtual void throw_failure(CallFailure why) = 0;

 private:
  bool step(const std::function<bool()>& go_on);
  bool wait_for_socket(Wait& wait, Deadline deadline);

  Wait& wait_;
  Deadline deadline_;
  PrivateStack stack_;
  int socket_ = -1;  ///< what the suspended call waits for; events wait_none: for nothing, it only gave a turn
  unsigned events_ = wait_none;
  std::size_t bytes_left_ = 0;
  unsigned turns_ = 0;
  bool failing_ = false;
  bool is_abandoned_ = false;
};

}  // namespace connector::core
