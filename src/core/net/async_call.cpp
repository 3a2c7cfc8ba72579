#include "core/net/async_call.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"

namespace connector::core {

using Clock = std::chrono::steady_clock;

namespace {

/// What the sockets are ready for now; false if for nothing.
bool look_at(std::span<WaitSocket> sockets) {
  return PollWait().wait(sockets, Clock::now());
}

}  // namespace

void SuspendableWait::limit_silence(const std::function<bool()>& begun) {
  answer_begun_ = begun;
  // The usual wait stands for all calls that are suspended: one of them says nothing of the others.
  if (call_ == nullptr) usual_.limit_silence(begun);
}

Deadline SuspendableWait::end_of_silence(std::span<const WaitSocket> sockets) const {
  const bool reads =
      std::ranges::any_of(sockets, [](const WaitSocket& socket) { return (socket.wanted & wait_readable) != 0; });
  if (!reads || read_timeout_.count() == 0 || !answer_begun_ || !answer_begun_()) return no_deadline;
  return Clock::now() + read_timeout_;
}

bool SuspendableWait::wait(std::span<WaitSocket> sockets, Deadline deadline) {
  if (call_ == nullptr) return usual_.wait(sockets, deadline);
  const Deadline silence = end_of_silence(sockets);
  for (;;) {
    check();
    if (look_at(sockets)) return true;
    const auto now = Clock::now();
    if (now >= silence) throw silent_error(point_ ? point_() : RunPoint{}, read_timeout_);
    if (now >= deadline) return false;
    call_->suspend(sockets, std::min(deadline, silence));
  }
}

void SuspendableWait::check() {
  if (call_ == nullptr) return usual_.check();
  call_->take_turn();
}

AsyncCall::AsyncCall(SuspendableWait& wait, std::size_t stack_bytes) : wait_(wait), stack_(stack_bytes) {}

void AsyncCall::run(const std::function<bool()>& step) {
  class Running {
   public:
    explicit Running(AsyncCall& call) : call_(call) {
      call_.wait_.call_ = &call_;
      OverlappedWaits::running() = call_.overlaps_ ? &call_ : nullptr;
    }
    ~Running() {
      call_.wait_.call_ = nullptr;
      OverlappedWaits::running() = outer_;
    }

   private:
    AsyncCall& call_;
    OverlappedWaits* outer_ = OverlappedWaits::running();
  };
  const Running running(*this);
  end_of_turn_ = Clock::now() + turn;
  step();
}

void AsyncCall::begin(std::function<void()> function) {
  is_left_ = false;
  run([&] {
    return stack_.start([this, function = std::move(function)] {
      try {
        function();
      } catch (...) {
        thrown_ = std::current_exception();
      }
    });
  });
}

void AsyncCall::go_on() {
  if (!has_ended()) run([this] { return stack_.resume(); });
}

void AsyncCall::result() {
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
}

int AsyncCall::descriptor(Deadline latest) {
  if (!descriptor_) descriptor_.emplace();
  if (has_ended()) {
    descriptor_->stand_for({}, Clock::now());
  } else {
    descriptor_->stand_for(sockets_, std::min(deadline_, latest));
  }
  return descriptor_->get();
}

bool AsyncCall::finish_until(Deadline until) {
  PollWait wait;
  while (!has_ended() && Clock::now() < until) {
    wait.wait(sockets_, std::min(deadline_, until));
    go_on();
  }
  return has_ended();
}

void AsyncCall::leave() noexcept {
  is_left_ = true;
  // A wait that throws does not suspend.
  while (!has_ended()) go_on();
  thrown_ = nullptr;
}

void AsyncCall::leave_together(std::span<AsyncCall* const> calls,
                               const std::function<void(std::size_t)>& then) noexcept {
  std::vector<bool> is_last(calls.size(), false);
  for (AsyncCall* call : calls) call->is_left_ = call->overlaps_ = true;
  std::vector<WaitSocket> sockets;
  for (bool any = true; any;) {
    any = false;
    Deadline deadline = no_deadline;
    sockets.clear();
    for (std::size_t i = 0; i < calls.size(); ++i) {
      AsyncCall& call = *calls[i];
      call.go_on();
      if (call.has_ended() && !is_last[i]) {
        is_last[i] = true;
        call.thrown_ = nullptr;
        call.begin([&then, i] { then(i); });
      }
      if (call.has_ended()) continue;
      any = true;
      sockets.insert(sockets.end(), call.sockets_.begin(), call.sockets_.end());
      deadline = std::min(deadline, call.deadline_);
    }
    if (any) PollWait().wait(sockets, deadline);
  }
  for (AsyncCall* call : calls) call->overlaps_ = false;
}

void AsyncCall::let_others_go_on(std::span<const WaitSocket> sockets, Deadline deadline) {
  sockets_.assign(sockets.begin(), sockets.end());
  deadline_ = deadline;
  stack_.suspend();
}

void AsyncCall::suspend(std::span<const WaitSocket> sockets, Deadline deadline) {
  sockets_.assign(sockets.begin(), sockets.end());
  deadline_ = deadline;
  stack_.suspend();
  if (is_left_) throw Interrupted{};
}

void AsyncCall::take_turn() {
  if (is_left_) throw Interrupted{};
  if (Clock::now() >= end_of_turn_) suspend({}, Clock::now());
}

void go_on_with_some(std::span<AsyncCall* const> calls, Wait& wait, Deadline deadline) {
  std::vector<AsyncCall*> suspended;
  std::vector<WaitSocket> sockets;
  for (AsyncCall* call : calls) {
    if (call->has_ended()) continue;
    suspended.push_back(call);
    sockets.push_back({call->descriptor(no_deadline), wait_readable});
  }
  if (suspended.empty()) return;
  wait.wait(sockets, deadline);
  for (std::size_t i = 0; i < suspended.size(); ++i) {
    if (sockets[i].ready != wait_none) suspended[i]->go_on();
  }
}

}  // namespace connector::core
