#include "http/database/notifications.hpp"

#include <algorithm>
#include <iostream>

#include "http/database/limited_log.hpp"
#include "http/database/own_session.hpp"

namespace connector::http {

namespace {

constexpr std::chrono::seconds longest_pause{10};

}  // namespace

Notifications::Notifications(const Database& database, std::function<void(const std::string&)> heard,
                             std::function<void()> listening)
    : database_(database), heard_(std::move(heard)), listening_(std::move(listening)) {}

Task<> Notifications::listen() {
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(30);
  const std::unique_ptr<Session> session = co_await open_own_session(database_, deadline);
  std::vector<Value> none;
  co_await session->run("LISTEN connector", std::move(none), deadline);
  call(listening_);
  for (;;) {
    const std::string payload = co_await session->notification(Clock::time_point::max());
    call([&] { heard_(payload); });
  }
}

/// What goes wrong with one of them must not be the end of all.
void Notifications::call(const std::function<void()>& told) {
  try {
    told();
  } catch (const std::exception& error) {
    limited_log().line("notifications", std::string("unexpected exception: ") + error.what());
  }
}

Task<> Notifications::run() {
  if (database_.user.empty()) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  std::string last_reason;
  std::chrono::seconds pause{1};
  for (;;) {
    std::string reason;
    const Clock::time_point begin = Clock::now();
    try {
      co_await listen();
    } catch (const LoginFailure& failure) {
      reason = failure.message;
    } catch (const Stopped&) {
      reason = "the database did not answer in time";
    } catch (const std::exception& error) {
      reason = error.what();
    }
    if (Clock::now() - begin > longest_pause) {
      last_reason.clear();
      pause = std::chrono::seconds(1);
    }
    // Said once, not every second while the database is down.
    if (reason != last_reason) std::clog << "can't listen to the database: " << reason << std::endl;
    last_reason = reason;
    timer.expires_after(pause);
    co_await timer.async_wait(asio::use_awaitable);
    pause = std::min(pause * 2, longest_pause);
  }
}

}  // namespace connector::http
