#include "core/schedule/schedule.hpp"

#include <gtest/gtest.h>

#include <random>

namespace connector::schedule {
namespace {

using namespace std::chrono_literals;

const Time start{std::chrono::sys_days(std::chrono::January / 1 / 2026)};

Schedule hourly(State state = State::created) {
  return {state, 3600s, start, 0};
}

TEST(SyncSchedule, SuccessGoesToTheNextPointOfTheGrid) {
  const Schedule next = after_run(hourly(), RunEnd::success, start + 5min, 10, 0.5);
  EXPECT_EQ(next, (Schedule{State::success, 3600s, start + 1h, 0}));
}

TEST(SyncSchedule, MissedTimesAreSkipped) {
  EXPECT_EQ(*after_run(hourly(), RunEnd::success, start + 90min, 10, 0.5).run_at, start + 2h);
  EXPECT_EQ(*after_run(hourly(), RunEnd::success, start + 24h * 365, 10, 0.5).run_at, start + 24h * 365 + 1h);
}

TEST(SyncSchedule, RunsDoNotDrift) {
  // A year of runs of varying length, each begun a little late: still on the full hour.
  std::mt19937 random(1);
  Schedule schedule = hourly();
  int runs = 0;
  while (*schedule.run_at < start + 24h * 365) {
    const Time end = *schedule.run_at + std::chrono::seconds(random() % 3500);
    schedule = after_run(schedule, RunEnd::success, end, 10, 0.5);
    ++runs;
  }
  EXPECT_EQ(runs, 24 * 365);
  EXPECT_EQ((*schedule.run_at - start) % 1h, 0us);
}

TEST(SyncSchedule, AClockSetBackDoesNotRunAtOnceAgain) {
  EXPECT_EQ(*after_run(hourly(), RunEnd::success, start - 1h, 10, 0.5).run_at, start);
}

TEST(SyncSchedule, BackoffDoublesUpToTheInterval) {
  Schedule schedule = hourly();
  Time now = start;
  const std::vector<std::chrono::seconds> expected = {60s, 120s, 240s, 480s, 960s, 1920s, 3600s, 3600s, 3600s};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    schedule = after_run(schedule, RunEnd::failure, now, 10, 0.5);
    EXPECT_EQ(schedule.state, State::failure);
    EXPECT_EQ(schedule.retried_times, static_cast<int>(i) + 1);
    ASSERT_TRUE(schedule.run_at);
    EXPECT_EQ(*schedule.run_at - now, expected[i]);
    now = *schedule.run_at;
  }
  schedule = after_run(schedule, RunEnd::failure, now, 10, 0.5);
  EXPECT_FALSE(schedule.run_at) << "the tenth in a row is the last";
  EXPECT_EQ(schedule.retried_times, 10);
}

TEST(SyncSchedule, BackoffIsSpreadWithinItsBounds) {
  for (int failures = 0; failures < 40; ++failures) {
    for (const double random : {0.0, 0.3, 0.999999}) {
      for (const auto interval : {1s, 60s, 900s, 2592000s, 3153600000s}) {
        Schedule schedule{State::success, interval, start, failures};
        const Schedule next = after_run(schedule, RunEnd::failure, start, 1000, random);
        EXPECT_GE(*next.run_at - start, std::min<std::chrono::microseconds>(60s, interval));
        EXPECT_LE(*next.run_at - start, interval);
      }
    }
  }
  EXPECT_NE(after_run(hourly(), RunEnd::failure, start, 10, 0.6).run_at,
            after_run(hourly(), RunEnd::failure, start, 10, 0.9).run_at);
}

TEST(SyncSchedule, PermanentFailureStopsAtOnce) {
  const Schedule next = after_run(hourly(), RunEnd::permanent_failure, start, 10, 0.5);
  EXPECT_EQ(next.state, State::failure);
  EXPECT_FALSE(next.run_at);
  EXPECT_EQ(next.retried_times, 1);
}

TEST(SyncSchedule, ACancelledRunComesBackAtItsRegularTime) {
  Schedule schedule = after_run(hourly(), RunEnd::failure, start, 10, 0.5);
  const Schedule next = after_run(schedule, RunEnd::cancelled, *schedule.run_at + 5min, 2, 0.5);
  EXPECT_EQ(next.state, State::failure);
  EXPECT_EQ(next.retried_times, 1) << "no failure";
  EXPECT_EQ(next.run_at, *schedule.run_at + 1h);
}

TEST(SyncSchedule, ADeniedLoginIsTriedAgainAndCountsAsNoFailure) {
  Schedule schedule = hourly();
  schedule.retried_times = 3;
  const Schedule next = after_denied_login(schedule, start + 10min, start + 5min);
  EXPECT_EQ(next.state, State::failure);
  EXPECT_EQ(next.retried_times, 3);
  EXPECT_EQ(next.run_at, start + 10min);
  EXPECT_EQ(after_denied_login(schedule, start + 6h, start + 5min).run_at, start + 1h) << "the password may be new";
  EXPECT_EQ(after_denied_login(schedule, start, start + 5min).run_at, start + 5min);
}

TEST(SyncSchedule, PausesOfALoginGrow) {
  EXPECT_EQ(login_pause(1), 5min);
  EXPECT_EQ(login_pause(2), 10min);
  EXPECT_EQ(login_pause(7), 320min);
  EXPECT_EQ(login_pause(8), 6h);
  EXPECT_EQ(login_pause(1000000), 6h);
  EXPECT_EQ(login_pause(0), 5min);
}

TEST(SyncSchedule, SuccessForgetsFailures) {
  Schedule schedule = hourly();
  for (int i = 0; i < 5; ++i) schedule = after_run(schedule, RunEnd::failure, start, 10, 0.5);
  schedule = after_run(schedule, RunEnd::success, start + 1min, 10, 0.5);
  EXPECT_EQ(schedule.retried_times, 0);
  EXPECT_EQ(after_run(schedule, RunEnd::failure, start + 2h, 10, 0.5).retried_times, 1);
}

TEST(SyncSchedule, ARequestStartsAnew) {
  Schedule schedule = hourly(State::failure);
  schedule.run_at.reset();
  schedule.retried_times = 10;
  EXPECT_EQ(after_request(schedule, start + 3h), (Schedule{State::queued, 3600s, start + 3h, 0}));
}

TEST(SyncSchedule, AChangeWakesWhatRests) {
  Schedule schedule = hourly(State::failure);
  schedule.run_at.reset();
  schedule.retried_times = 10;
  EXPECT_EQ(after_change(schedule, 900s, {}, start + 3h), (Schedule{State::failure, 900s, start + 3h, 0}));
}

TEST(SyncSchedule, AChangeCountsFromTheLastDueTime) {
  Schedule schedule = after_run(hourly(), RunEnd::success, start + 1min, 10, 0.5);  // next: start + 1 h
  EXPECT_EQ(*after_change(schedule, 7200s, {}, start + 10min).run_at, start + 2h);
  EXPECT_EQ(*after_change(schedule, 900s, {}, start + 10min).run_at, start + 15min);
  EXPECT_EQ(*after_change(schedule, 900s, {}, start + 30min).run_at, start + 30min) << "over already: now";
  for (const State state : {State::created, State::queued, State::syncing}) {
    EXPECT_EQ(*after_change(hourly(state), 900s, {}, start + 10min).run_at, start);
    EXPECT_EQ(after_change(hourly(state), 900s, {}, start + 10min).state, state);
  }
}

}  // namespace
}  // namespace connector::schedule
