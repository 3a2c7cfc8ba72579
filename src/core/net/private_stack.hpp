// A stack of its own for a function that waits in its middle: for calls into a client library that waits inside its
// calls, and for calls of a driver that others are to overlap.
//
// Where the function would wait, it suspends the stack until the caller, on the stack that it has, has waited.
#pragma once

#include <cxxabi.h>

#include <cstddef>
#include <functional>
#include <ucontext.h>

namespace connector::core {

/// Runs one function at a time; the function may suspend itself in the middle. It may use another PrivateStack.
class PrivateStack {
 public:
  /// Pages are taken when they are touched, and not reserved before unless vm.overcommit_memory is 2, so a generous
  /// size costs nothing: OpenSSL, the loading of authentication plugins and signal handlers all run on this stack. A
  /// guard page lies below it.
  static constexpr std::size_t usual_bytes = 1024 * 1024;

  /// Throws std::bad_alloc.
  explicit PrivateStack(std::size_t bytes = usual_bytes);
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
  /// What __cxa_eh_globals holds: the exceptions that are being handled, and how many are on their way. It belongs to
  /// the thread (Itanium C++ ABI: Exception Handling, 2.2.2), but what is in it to the stack on which they are.
  struct Exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
#ifdef __ARM_EABI_UNWINDER__
    void* propagating = nullptr;
#endif
  };

  static void enter(unsigned high, unsigned low);
  bool switch_to_private();
  static Exceptions& exceptions_of_thread() noexcept {
    return *reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  }

  void* memory_;
  std::size_t page_bytes_;
  std::size_t stack_bytes_;
  std::function<void()> function_;
  bool finished_ = true;
  ucontext_t caller_;
  ucontext_t private_;
  Exceptions private_exceptions_;
  // AddressSanitizer must be told of every change of stacks; unused without it.
  void* private_fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

}  // namespace connector::core
