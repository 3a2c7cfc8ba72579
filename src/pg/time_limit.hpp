// A limit of time for what runs in this process, code of users included.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>

namespace connector::pg {

/// Cancels, as Ctrl-C does, what runs when the limit has passed, again and again until the end of the scope: a user's
/// code may catch one of them. Within the scope of another one it does nothing: the outer limit holds.
class TimeLimit {
 public:
  /// 0 = none.
  explicit TimeLimit(std::chrono::milliseconds limit);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// True if a cancel meanwhile may have been this one's.
  bool passed() const noexcept;
  /// Ends the limit before the scope does, and takes back a cancel that nobody has answered.
  void end() noexcept;

 private:
  bool running_ = false;
};

}  // namespace connector::pg
