// A time of the day in a time zone, as the key `at` of a sync says it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace connector::schedule {

struct ClockTime {
  std::chrono::seconds time_of_day{0};
  std::string zone;  ///< its name; empty = none given

  bool operator==(const ClockTime&) const = default;
};

/// Reads `02:00`, `2:00:30` or `02:00 Europe/Berlin`; empty if it is no such text. Whether there is a zone of that name
/// is the caller's business.
std::optional<ClockTime> parse_clock_time(std::string_view text);

/// `02:00 Europe/Berlin`, with seconds where there are any.
std::string clock_time_text(const ClockTime& time);

}  // namespace connector::schedule
