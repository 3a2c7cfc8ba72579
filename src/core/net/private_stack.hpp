// A stack of its own for calls into a client library that waits inside its calls.
//
// Where the library can be made to call us instead of waiting, it runs here on a stack of its own, and that call
// suspends the stack until the caller, on the usual one, has waited through core::Wait.
#pragma once

#include <cstddef>
#include <functional>
#include <ucontext.h>

namespace connector::core {

/// Runs one function at a time; the function may suspend itself in the middle.
class PrivateStack {
 public:
  /// Pages are committed when they are touched, so a generous size costs nothing: OpenSSL, the loading of
  /// authentication plugins and signal handlers all run on this stack. A guard page lies below it.
  static constexpr std::size_t stack_bytes = 1024 * 1024;

  /// Throws std::bad_alloc.
  PrivateStack();
  /// No function may be suspended then: what it holds would leak.
  ~PrivateStack();
  PrivateStack(const PrivateStack&) = delete;
  PrivateStack& operator=(const PrivateStack&) = delete;

  /// Starts `function`, which must not throw. True: it has returned; false: it has suspended itself.
  bool start(std::function<void()> function);
  /// Continues a suspended function; result as of start().
  bool resume();
  /// Whether a function has suspended itself and was not brought to its end.
  bool is_suspended() const noexcept { return !finished_; }
  /// For the function itself: goes back to the caller of start() or resume() until resume() is called.
  void suspend();

 private:
  static void enter(unsigned high, unsigned low);
  bool switch_to_private();

  void* memory_;
  std::size_t memory_bytes_;
  std::function<void()> function_;
  bool finished_ = true;
  ucontext_t caller_;
  ucontext_t private_;
  // AddressSanitizer must be told of every change of stacks; unused without it.
  void* private_fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

}  // namespace connector::core
