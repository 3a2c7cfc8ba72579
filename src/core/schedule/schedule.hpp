// When a sync runs next: pure decisions, without PostgreSQL, with the clock and the dice given by the caller.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace connector::schedule {

/// Microseconds since 1970, as timestamptz counts them.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

enum class State { created, queued, syncing, success, failure };

/// The part of a sync that decisions look at.
struct Schedule {
  State state = State::created;
  std::chrono::seconds interval{3600};
  std::optional<Time> run_at;  ///< next run; during a run the time that it was due; empty = rests until asked
  int retried_times = 0;       ///< failures in a row

  bool operator==(const Schedule&) const = default;
};

/// How a run ended.
enum class RunEnd {
  success,
  failure,
  permanent_failure,  ///< trying again can't help: a wrong request, a missing table, a denied login
};

/// The shortest time between a failure and the next try.
inline constexpr std::chrono::seconds shortest_retry{60};

/// The schedule after a run that ended at `now`.
///
/// Success: the next time on the grid of due times that lies ahead, so that runs neither drift nor pile up.
/// Failure: exponential backoff from shortest_retry up to the interval, spread by ±25 % with `random` in [0, 1); after
/// `max_retries` failures in a row, or a permanent one, the sync rests.
Schedule after_run(const Schedule& schedule, RunEnd end, Time now, int max_retries, double random);

/// The schedule after somebody asked for a run at once: whatever it was, retries start anew. The caller makes sure that
/// none is under way.
Schedule after_request(const Schedule& schedule, Time now);

/// The schedule after the interval (or the request) was changed or the sync resumed: one that rests or waits for a
/// retry is tried at once, with its retries counted anew; any other runs when the new interval since its last due time
/// is over.
Schedule after_change(const Schedule& schedule, std::chrono::seconds interval, Time now);

}  // namespace connector::schedule
