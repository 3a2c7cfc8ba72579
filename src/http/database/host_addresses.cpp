#include "http/database/host_addresses.hpp"

#include <algorithm>

namespace connector::http {

namespace {

constexpr std::chrono::seconds kept_for{30};
constexpr std::chrono::seconds failure_kept_for{5};
constexpr std::chrono::seconds longest_wait{10};
constexpr std::chrono::seconds longest_wait_with_old_ones{5};

}  // namespace

bool HostAddresses::asking() const noexcept {
  return std::any_of(hosts_.begin(), hosts_.end(), [](const auto& host) { return host.second->question != nullptr; });
}

void HostAddresses::ask(const std::shared_ptr<Host>& host, const std::string& name,
                        const asio::any_io_executor& executor) {
  host->question = std::make_unique<asio::ip::tcp::resolver>(executor);
  host->question->async_resolve(name, "",
                                [host](const error_code& error, const asio::ip::tcp::resolver::results_type& found) {
                                  host->why = error ? error.message() : std::string();
                                  host->good_until = Clock::now() + (error ? failure_kept_for : kept_for);
                                  if (!error) {
                                    host->addresses.clear();
                                    for (const auto& entry : found)
                                      host->addresses.push_back(entry.endpoint().address().to_string());
                                  }
                                  for (asio::steady_timer& timer : host->waiting) timer.cancel();
                                  host->question.reset();
                                });
}

Task<std::vector<std::string>> HostAddresses::find(std::string host, std::string& why, Clock::time_point deadline,
                                                   Stop* stop) {
  std::shared_ptr<Host>& entry = hosts_[host];
  if (entry == nullptr) entry = std::make_shared<Host>();
  const std::shared_ptr<Host> known = entry;
  if (Clock::now() < known->good_until) {
    why = known->why;
    co_return known->addresses;
  }
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  if (known->question == nullptr) ask(known, host, executor);
  const auto longest = known->addresses.empty() ? longest_wait : longest_wait_with_old_ones;
  const auto me = known->waiting.emplace(known->waiting.end(), executor, std::min(deadline, Clock::now() + longest));
  if (stop != nullptr) stop->on_stop([me] { me->cancel(); });
  error_code error;
  if (stop == nullptr || !stop->asked()) co_await me->async_wait(into(error));
  if (stop != nullptr) stop->on_stop({});
  known->waiting.erase(me);
  why = known->question != nullptr ? "there is no answer yet" : known->why;
  co_return known->addresses;
}

}  // namespace connector::http
