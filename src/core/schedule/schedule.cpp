#include "core/schedule/schedule.hpp"

#include <algorithm>

namespace connector::schedule {

namespace {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::local_days;
using std::chrono::microseconds;
using std::chrono::seconds;

/// The first point of the grid through `due` that lies after `now`.
Time next_on_grid(Time due, seconds interval, Time now) {
  if (due > now) return due;
  const auto missed = (now - due) / microseconds(interval);
  return due + (missed + 1) * microseconds(interval);
}

days whole_days(seconds interval) {
  return std::max(days(1), std::chrono::floor<days>(interval));
}

local_days day_of(const DailyTime& at, Time moment) {
  return std::chrono::floor<days>(at.zone->clock_at(moment));
}

Time time_on(const DailyTime& at, local_days day) {
  return at.zone->moment_of(LocalTime(day) + at.time_of_day);
}

/// The first point after `now` of the grid that begins with the last such time of the day up to `due`.
Time next_daily_time(const DailyTime& at, seconds interval, Time due, Time now) {
  const days step = whole_days(interval);
  local_days day = day_of(at, due);
  if (time_on(at, day) > due) day -= days(1);
  // Not to walk through years one by one; a day more or less is left for those that are shorter or longer than 24
  // hours.
  const auto missed = (now - due) / step;
  if (missed > 1) day += (missed - 1) * step;
  do {
    day += step;
  } while (time_on(at, day) <= now);
  return time_on(at, day);
}

Time next_due(const Schedule& schedule, Time due, Time now) {
  return schedule.at ? next_daily_time(*schedule.at, schedule.interval, due, now)
                     : next_on_grid(due, schedule.interval, now);
}

/// The due time before the one that comes next.
Time last_due(const Schedule& schedule, Time now) {
  const Time next = schedule.run_at.value_or(now);
  if (!schedule.at) return next - schedule.interval;
  return time_on(*schedule.at, day_of(*schedule.at, next) - whole_days(schedule.interval));
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
    next.run_at = next_due(schedule, schedule.run_at.value_or(now), now);
    return next;
  }
  next.state = State::failure;
  if (end == RunEnd::cancelled) {
    next.run_at = next_due(schedule, schedule.run_at.value_or(now), now);
    return next;
  }
  next.retried_times = schedule.retried_times + 1;
  if (end == RunEnd::permanent_failure || next.retried_times >= max_retries) {
    next.run_at.reset();
  } else {
    next.run_at = now + backoff(next.retried_times, schedule.interval, random);
  }
  return next;
}

seconds login_pause(int denials) {
  constexpr seconds first{5 * 60};
  constexpr seconds longest{6 * 3600};
  return std::min(longest, first * (std::int64_t{1} << std::clamp(denials - 1, 0, 20)));
}

Schedule after_denied_login(const Schedule& schedule, Time next_login, Time now) {
  Schedule next = schedule;
  next.state = State::failure;
  next.run_at = std::min(std::max(next_login, now), next_due(schedule, schedule.run_at.value_or(now), now));
  return next;
}

Schedule after_request(const Schedule& schedule, Time now) {
  Schedule next = schedule;
  next.state = State::queued;
  next.run_at = now;
  next.retried_times = 0;
  return next;
}

Schedule after_change(const Schedule& schedule, seconds interval, const std::optional<DailyTime>& at, Time now) {
  Schedule next = schedule;
  next.interval = interval;
  next.at = at;
  switch (schedule.state) {
    case State::failure:
      next.retried_times = 0;
      next.run_at = now;
      break;
    case State::success:
      next.run_at =
          at ? next_due(next, last_due(schedule, now), now) : std::max(now, last_due(schedule, now) + interval);
      break;
    case State::created:
    case State::queued:
    case State::syncing:
      break;  // due already; what follows is counted from there with the new interval
  }
  return next;
}

}  // namespace connector::schedule
