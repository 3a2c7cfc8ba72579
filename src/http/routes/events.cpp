#include "http/routes/events.hpp"

#include "http/routes/services.hpp"

namespace connector::http {

namespace {

constexpr std::chrono::seconds comment_interval{15};
/// Sessions are kept for 30 seconds: so a changed password counts within a minute.
constexpr std::chrono::seconds check_interval{25};

/// Waits a little for a program that has just begun.
Task<bool> hears(Call& call) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (int i = 0; i < 50 && !call.services.events.hears() && !call.stop.asked(); ++i) {
    timer.expires_after(std::chrono::milliseconds(100));
    error_code error;
    co_await timer.async_wait(into(error));
  }
  co_return call.services.events.hears();
}

Task<Reply> events(Call& call) {
  if (call.services.database.user.empty()) {
    Json body;
    body["errors"] = "this program has no role of its own, which events need";
    body["hint"] = "Start connector-http with a user in its CONNINFO: user=connector_http.";
    co_return json_reply(body, 503);
  }
  const bool any = co_await hears(call);
  if (!any) {
    Json body;
    body["errors"] = "there are no events, as the program can't listen to the database";
    body["hint"] = "A standby has none: ask a program before the primary. The program's log says why.";
    co_return json_reply(body, 503);
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Subscription subscription(call.services.events, executor, call.identity);
  call.session.give_back();
  Reply head{.status = 200, .body = {}, .content_type = "text/event-stream; charset=utf-8"};
  // Proxies would keep events back until there are many of them.
  head.headers.emplace_back("X-Accel-Buffering", "no");
  // Nothing is kept for those who come back.
  head.body = "retry: 3000\n\n" + (call.request.last_event_id ? EventHub::reset_text() : std::string());
  co_await call.stream.begin(head);
  Clock::time_point check_at = Clock::now() + check_interval;
  for (;;) {
    std::string text = co_await subscription.next(Clock::now() + comment_interval, call.stop);
    if (subscription.takes_check() || Clock::now() >= check_at) {
      const bool valid = co_await call.services.log_in.still_valid(call.identity);
      if (!valid) co_return Reply{};
      check_at = Clock::now() + check_interval;
    }
    if (text.empty()) text = ":\n\n";
    co_await call.stream.write(std::move(text));
  }
}

}  // namespace

std::vector<Route> event_routes() {
  return {
      {.method = Method::get,
       .path = "/api/v1/events",
       .operation = "events",
       .summary = "Server-sent events: import, sync and batch for each that ends, reset where some may be missing",
       .handler = events,
       .answers = {{200, "Events, until one side ends", {}, "text/event-stream"}, {503, "Too many streams", "Error"}}}};
}

}  // namespace connector::http
