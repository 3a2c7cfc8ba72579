// When a sync runs next: pure decisions, without PostgreSQL, with the clock and the dice given by the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/schedule/time_zone.hpp"

namespace connector::schedule {

enum class State { created, queued, syncing, success, failure };

/// The time of the day at which runs are due, for intervals of whole days.
struct DailyTime {
  std::chrono::seconds time_of_day{0};
  const TimeZone* zone = nullptr;  ///< lives as long as the process

  bool operator==(const DailyTime&) const = default;
};

/// The part of a sync that decisions look at.
struct Schedule {
  State state = State::created;
  std::chrono::seconds interval{3600};
  std::optional<Time> run_at;     ///< next run; during a run the time that it was due; empty = rests until asked
  int retried_times = 0;          ///< failures in a row
  std::optional<DailyTime> at{};  ///< empty = due times are counted from the last one

  bool operator==(const Schedule&) const = default;
};

/// How a run ended.
enum class RunEnd {
  success,
  failure,
  permanent_failure,  ///< trying again can't help: a wrong request, a missing table
  cancelled,          ///< by somebody who does not want it back in a minute
};

/// The shortest time between a failure and the next try.
inline constexpr std::chrono::seconds shortest_retry{60};

/// The schedule after a run that ended at `now`.
///
/// Success: the next time on the grid of due times that lies ahead, so that runs neither drift nor pile up. With a time
/// of the day, the grid begins with the last such time up to the one that this run was due at: the run after a first
/// one, a retry or one that somebody asked for is back on it, and never later than an interval after.
/// Failure: exponential backoff from shortest_retry up to the interval, spread by ±25 % with `random` in [0, 1); after
/// `max_retries` failures in a row, or a permanent one, the sync rests.
/// Cancelled: the next time on the grid, as after a success, and it counts as no failure.
Schedule after_run(const Schedule& schedule, RunEnd end, Time now, int max_retries, double random);

/// How long nobody logs in with an account that the remote has denied `denials` times in a row: 5 minutes, doubled each
/// time up to 6 hours.
std::chrono::seconds login_pause(int denials);

/// The schedule after a run whose login was denied, or was not tried because of that: again at `next_login`, or at the
/// next time on the grid if that comes first, as the password may have been changed here meanwhile. It counts as no
/// failure of this sync, which goes on by itself once the login works.
Schedule after_denied_login(const Schedule& schedule, Time next_login, Time now);

/// The schedule after somebody asked for a run at once: whatever it was, retries start anew. The caller makes sure that
/// none is under way.
Schedule after_request(const Schedule& schedule, Time now);

/// The schedule after interval, time of the day or request were changed or the sync resumed: one that rests or waits
/// for a retry is tried at once, with its retries counted anew; any other runs when the new interval since its last due
/// time is over, or at the next time of the day of that grid.
Schedule after_change(const Schedule& schedule, std::chrono::seconds interval, const std::optional<DailyTime>& at,
                      Time now);

}  // namespace connector::schedule
