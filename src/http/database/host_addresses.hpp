// Addresses of hosts by their names, without holding up the program's one thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/asio.hpp"
#include "http/database/stop.hpp"

namespace connector::http {

/// Asks the system's resolver in a thread of its own, once for all who want to know the same. An answer counts for 30
/// seconds; later it is used on if there is no new one within 5 seconds.
class HostAddresses {
 public:
  /// The addresses as text, in the resolver's order. Without one by the deadline, or after 10 seconds, or if the stop
  /// is asked for, the list is empty, and `why` says what was wrong.
  Task<std::vector<std::string>> find(std::string host, std::string& why, Clock::time_point deadline, Stop* stop);

  /// True while the system's resolver is asked, which nothing can stop.
  bool asking() const noexcept;

 private:
  struct Host {
    std::vector<std::string> addresses;
    Clock::time_point good_until = Clock::time_point::min();
    std::string why;                                    // there was no answer to the last question; empty: there was
    std::list<asio::steady_timer> waiting;              // of those who want to know
    std::unique_ptr<asio::ip::tcp::resolver> question;  // is under way
  };
  static void ask(const std::shared_ptr<Host>& host, const std::string& name, const asio::any_io_executor& executor);

  std::map<std::string, std::shared_ptr<Host>> hosts_;
};

}  // namespace connector::http
