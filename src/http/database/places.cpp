#include "http/database/places.hpp"

namespace connector::http {

Place& Place::operator=(Place&& other) noexcept {
  if (this == &other) return *this;
  if (of_ != nullptr) of_->give_back();
  of_ = std::exchange(other.of_, nullptr);
  return *this;
}

Place::~Place() {
  if (of_ != nullptr) of_->give_back();
}

Task<bool> Places::take(Place& place, Clock::time_point deadline, Stop* stop) {
  if (free_ > 0) {
    --free_;
    place = Place(*this);
    co_return true;
  }
  // Not within the braces, where g++ 12 destroys such a temporary twice.
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const auto me = waiting_.insert(waiting_.end(), Waiting{asio::steady_timer(executor, deadline)});
  if (stop != nullptr) stop->on_stop([&timer = me->timer] { timer.cancel(); });
  error_code error;
  // A stop that was asked for before could not cancel what had not begun.
  if (stop == nullptr || !stop->asked()) co_await me->timer.async_wait(into(error));
  if (stop != nullptr) stop->on_stop({});
  const bool granted = me->granted;
  if (granted) place = Place(*this);
  waiting_.erase(me);
  co_return granted;
}

void Places::give_back() noexcept {
  for (Waiting& waiting : waiting_) {
    if (waiting.granted) continue;
    waiting.granted = true;
    error_code ignored;
    waiting.timer.cancel(ignored);
    return;
  }
  ++free_;
}

}  // namespace connector::http
