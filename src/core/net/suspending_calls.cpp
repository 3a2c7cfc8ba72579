#include "core/net/suspending_calls.hpp"

#include <sys/socket.h>

#include <chrono>
#include <exception>

namespace connector::core {

namespace {

constexpr unsigned reads_between_turns = 64;

}  // namespace

void SuspendingCalls::run(const std::function<void()>& function, std::size_t max_bytes) {
  std::exception_ptr thrown;
  bytes_left_ = max_bytes;
  bool finished = begin([&] {
    try {
      function();
    } catch (...) {
      thrown = std::current_exception();
    }
  });
  while (!finished && !is_abandoned_) {
    bool in_time = true;
    try {
      in_time = serve();
    } catch (...) {
      leave();
      throw;
    }
    if (!in_time) {
      leave();
      throw_failure(CallFailure::late);
    }
    finished = go_on();
  }
  if (is_abandoned_) throw_failure(CallFailure::abandoned);
  if (bytes_left_ == 0) throw_failure(CallFailure::too_much);
  if (thrown) std::rethrow_exception(thrown);
}

bool SuspendingCalls::wait_outside(int socket, unsigned events) {
  if (failing_) return false;
  socket_ = socket;
  events_ = events;
  stack_.suspend();
  return !failing_;
}

void SuspendingCalls::take_turn() {
  if (++turns_ % reads_between_turns == 0) be_served();
}

bool SuspendingCalls::count_received(std::size_t bytes) noexcept {
  if (bytes >= bytes_left_) {
    bytes_left_ = 0;
    return false;
  }
  bytes_left_ -= bytes;
  return true;
}

void SuspendingCalls::abandon() {
  is_abandoned_ = true;
  for (;;) stack_.suspend();
}

bool SuspendingCalls::step(const std::function<bool()>& go_on) {
  class Running {
   public:
    explicit Running(SuspendingCalls& calls) : calls_(calls) { calls_.library_begins(); }
    ~Running() { calls_.library_ends(); }

   private:
    SuspendingCalls& calls_;
  };
  const Running running(*this);
  return go_on();
}

bool SuspendingCalls::begin(const std::function<void()>& function) {
  return step([&] { return stack_.start(function); });
}

bool SuspendingCalls::go_on() {
  return step([this] { return stack_.resume(); });
}

bool SuspendingCalls::wait_for_socket(Wait& wait, Deadline deadline) {
  return wait.wait(socket_, events_, deadline) != wait_none;
}

bool SuspendingCalls::serve() {
  if (events_ != wait_none) return wait_for_socket(wait_, deadline_);
  wait_.check();
  return std::chrono::steady_clock::now() < deadline_;
}

bool SuspendingCalls::go_on_until(Deadline until) {
  PollWait wait;
  bool finished = false;
  do {
    finished = go_on();
  } while (!finished && !is_abandoned_ && std::chrono::steady_clock::now() < until &&
           (events_ == wait_none || wait_for_socket(wait, until)));
  return finished;
}

void SuspendingCalls::leave() {
  stop_remote();
  give_up();
  finish();
}

void SuspendingCalls::finish() {
  while (stack_.is_suspended() && !is_abandoned_) go_on();
}

void SuspendingCalls::fail_waits(int socket) noexcept {
  failing_ = true;
  if (socket < 0) return;
  // The close will reset the connection. A server with more rows in hand than the socket takes would otherwise sit in
  // its write for a minute, statement, locks and all.
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  shutdown(socket, SHUT_RDWR);
}

}  // namespace connector::core
