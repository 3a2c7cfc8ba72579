// What decisions need to know of a time zone.
#pragma once

#include <chrono>

namespace connector::schedule {

/// Microseconds since 1970, as timestamptz counts them.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// Microseconds that a clock on the wall has gone through since it showed 1970, as timestamp counts them.
using LocalTime = std::chrono::local_time<std::chrono::microseconds>;

/// The clocks of a time zone, supplied from above: PostgreSQL has the data.
class TimeZone {
 public:
  virtual ~TimeZone() = default;

  /// What the clocks there show at that moment.
  virtual LocalTime clock_at(Time moment) const = 0;
  /// When they show that: one moment, also for what they show twice, or leave out, when they are changed.
  virtual Time moment_of(LocalTime clock) const = 0;
};

}  // namespace connector::schedule
