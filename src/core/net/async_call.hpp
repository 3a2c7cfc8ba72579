// A call of a driver that others are to overlap: it runs on a stack of its own, and is suspended where it would wait.
//
// The driver knows nothing of it. Its connection was made with a SuspendableWait, which waits as usual unless a call is
// under way.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/net/joint_descriptor.hpp"
#include "core/net/overdue.hpp"
#include "core/net/overlapped_waits.hpp"
#include "core/net/private_stack.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

class AsyncCall;

class SuspendableWait final : public Wait {
 public:
  /// `usual` is for waits outside of calls. `read_timeout`, how long a remote may be silent where limit_silence() says
  /// so, is for those inside; 0 = for ever. `point`, if there is one, says for the error how far the run has come.
  /// `usual` and what `point` refers to outlive the object.
  SuspendableWait(Wait& usual, std::chrono::seconds read_timeout, std::function<RunPoint()> point = {}) noexcept
      : usual_(usual), read_timeout_(read_timeout), point_(std::move(point)) {}
  SuspendableWait(const SuspendableWait&) = delete;
  SuspendableWait& operator=(const SuspendableWait&) = delete;

  using Wait::wait;
  bool wait(std::span<WaitSocket> sockets, Deadline deadline) override;
  void check() override;
  void limit_silence(const std::function<bool()>& begun) override;

 private:
  friend class AsyncCall;

  Deadline end_of_silence(std::span<const WaitSocket> sockets) const;

  Wait& usual_;
  std::chrono::seconds read_timeout_;
  std::function<RunPoint()> point_;
  std::function<bool()> answer_begun_;
  AsyncCall* call_ = nullptr;  ///< that is running now
};

/// Runs one function at a time.
class AsyncCall final : private OverlappedWaits {
 public:
  /// `wait` outlives the object. Throws std::bad_alloc.
  explicit AsyncCall(SuspendableWait& wait, std::size_t stack_bytes = PrivateStack::usual_bytes);
  /// As leave().
  ~AsyncCall() override { leave(); }
  AsyncCall(const AsyncCall&) = delete;
  AsyncCall& operator=(const AsyncCall&) = delete;

  /// Runs `function` until it waits, or has ended. What it uses lives on until then.
  void begin(std::function<void()> function);
  /// Goes on with a function that has not ended, until it waits again. It is no matter whether what it waits for has
  /// come about.
  void go_on();
  bool has_ended() const noexcept { return !stack_.is_suspended(); }
  /// Of a function that has ended: throws what it threw.
  void result();

  /// Readable as soon as there is something to go on with, and behind `latest` at the latest; valid until the call goes
  /// on. Throws Error.
  int descriptor(Deadline latest);

  /// Goes on until the function has ended or `until` has passed, without looking for interrupts. True: it has ended.
  bool finish_until(Deadline until);
  /// Brings the function to its end: all its waits throw Interrupted. What it throws is lost.
  void leave() noexcept;
  /// Leaves several calls, then runs `then` for each by its index: it must not throw. What drivers wait for in order to
  /// clean up overlaps, so all of them together take as long as one.
  static void leave_together(std::span<AsyncCall* const> calls, const std::function<void(std::size_t)>& then) noexcept;

 private:
  friend class SuspendableWait;

  /// How long a function may run that finds all that it waits for, before others get their turn.
  static constexpr std::chrono::milliseconds turn{100};

  void run(const std::function<bool()>& step);
  // For the function's waits, on its stack.
  void suspend(std::span<const WaitSocket> sockets, Deadline deadline);
  void take_turn();
  void let_others_go_on(std::span<const WaitSocket> sockets, Deadline deadline) override;

  SuspendableWait& wait_;
  PrivateStack stack_;
  std::exception_ptr thrown_;
  bool is_left_ = false;
  bool overlaps_ = false;  ///< waits of PollWait, too, suspend the function
  Deadline end_of_turn_{};
  std::vector<WaitSocket> sockets_;  ///< that a suspended function waits for
  Deadline deadline_ = no_deadline;
  std::optional<JointDescriptor> descriptor_;
};

/// Waits by `wait` until one of the calls that have not ended has something to go on with, or the deadline has passed,
/// and goes on with those that have. Without such a call: returns at once. Throws what `wait` throws; all calls are as
/// they were then.
void go_on_with_some(std::span<AsyncCall* const> calls, Wait& wait, Deadline deadline = no_deadline);

}  // namespace connector::core
