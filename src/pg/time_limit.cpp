#include "pg/time_limit.hpp"

#include <csignal>

#include "pg/guard.hpp"

extern "C" {
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
}

namespace connector::pg {

namespace {

constexpr int repeat_after = 1000;  // milliseconds

volatile std::sig_atomic_t has_passed = 0;

/// Set while a limit stands: a run that is begun by the code of another one is within that one's.
bool is_set = false;

/// In a signal handler, as PostgreSQL's own for statement_timeout.
void on_timeout() {
  has_passed = 1;
  InterruptPending = 1;
  QueryCancelPending = 1;
  SetLatch(MyLatch);
}

TimeoutId timeout() {
  static const TimeoutId id = guard([] { return RegisterTimeout(USER_TIMEOUT, on_timeout); });
  return id;
}

}  // namespace

TimeLimit::TimeLimit(std::chrono::milliseconds limit) {
  if (is_set) return;
  has_passed = 0;
  if (limit.count() == 0) return;
  const TimeoutId id = timeout();
  guard([&] {
    enable_timeout_every(id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit.count()), repeat_after);
  });
  running_ = true;
  is_set = true;
}

TimeLimit::~TimeLimit() {
  end();
}

bool TimeLimit::passed() const noexcept {
  return has_passed != 0;
}

void TimeLimit::end() noexcept {
  if (!running_) return;
  running_ = false;
  is_set = false;
  disable_timeout(timeout(), false);
  if (has_passed != 0) QueryCancelPending = 0;
}

}  // namespace connector::pg
