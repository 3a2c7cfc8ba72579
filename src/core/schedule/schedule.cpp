#include "core/schedule/schedule.hpp"

#include <algorithm>

namespace connector::schedule {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::seconds;

/// The first point of the grid through `due` that lies after `now`.
Time next_on_grid(Time due, seconds interval, Time now) {
  if (due > now) return due;
  const auto missed = (now - due) / microseconds(interval);
  return due + (missed + 1) * microseconds(interval);
}

microseconds backoff(int failures, seconds interval, double random) {
  // 2^20 minutes are two years: no shift needs to go further.
  const seconds base = std::min(interval, shortest_retry * (std::int64_t{1} << std::clamp(failures - 1, 0, 20)));
  const microseconds spread = duration_cast<microseconds>(base * (0.75 + 0.5 * random));
  return std::clamp(spread, microseconds(std::min(shortest_retry, interval)), microseconds(interval));
}

}  // namespace

Schedule after_run(const Schedule& schedule, RunEnd end, Time now, int max_retries, double random) {
  Schedule next = schedule;
  if (end == RunEnd::success) {
    next.state = State::success;
    next.retried_times = 0;
    next.run_at = next_on_grid(schedule.run_at.value_or(now), schedule.interval, now);
    return next;
  }
  next.state = State::failure;
  next.retried_times = schedule.retried_times + 1;
  if (end == RunEnd::permanent_failure || next.retried_times >= max_retries) {
    next.run_at.reset();
  } else {
    next.run_at = now + backoff(next.retried_times, schedule.interval, random);
  }
  return next;
}

Schedule after_request(const Schedule& schedule, Time now) {
  Schedule next = schedule;
  next.state = State::queued;
  next.run_at = now;
  next.retried_times = 0;
  return next;
}

Schedule after_change(const Schedule& schedule, seconds interval, Time now) {
  Schedule next = schedule;
  next.interval = interval;
  switch (schedule.state) {
    case State::failure:
      next.retried_times = 0;
      next.run_at = now;
      break;
    case State::success:
      next.run_at = std::max(now, schedule.run_at.value_or(now) - schedule.interval + interval);
      break;
    case State::created:
    case State::queued:
    case State::syncing:
      break;  // due already; what follows is counted from there with the new interval
  }
  return next;
}

}  // namespace connector::schedule
