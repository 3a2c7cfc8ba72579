// Runs at a time of the day, across changes of the clocks.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/schedule/schedule.hpp"

namespace connector::schedule {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::microseconds;
using std::chrono::seconds;

/// A zone of which each change of the clocks is told.
class ToldZone : public TimeZone {
 public:
  struct Change {
    Time moment;
    seconds east;  // from then on
  };
  ToldZone(seconds east, std::vector<Change> changes) : east_(east), changes_(std::move(changes)) {}

  LocalTime clock_at(Time moment) const override {
    seconds east = east_;
    for (const Change& change : changes_) {
      if (change.moment <= moment) east = change.east;
    }
    return LocalTime(moment.time_since_epoch() + east);
  }

  /// As PostgreSQL decides: what is left out is read by the clocks before the change, what comes twice by those after.
  Time moment_of(LocalTime clock) const override {
    seconds before = east_;
    for (const Change& change : changes_) {
      if (Time(clock.time_since_epoch() - change.east) < change.moment) break;
      before = change.east;
    }
    return Time(clock.time_since_epoch() - before);
  }

 private:
  seconds east_;
  std::vector<Change> changes_;
};

Time utc(int year, unsigned month, unsigned day, microseconds time = 0us) {
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) + time;
}

/// Summer time from 29 March, 01:00 UTC, to 25 October, 01:00 UTC.
const ToldZone berlin(1h, {{utc(2026, 3, 29, 1h), 2h}, {utc(2026, 10, 25, 1h), 1h}});
const ToldZone new_york(-5h, {{utc(2026, 3, 8, 7h), -4h}, {utc(2026, 11, 1, 6h), -5h}});
const ToldZone utc_zone(0h, {});
/// Left out a day: 30 December 2011.
const ToldZone samoa(-10h, {{utc(2011, 12, 30, 10h), 14h}});

Schedule daily(Time due, seconds time_of_day, const TimeZone& zone, seconds interval = days(1)) {
  return {State::success, interval, due, 0, DailyTime{time_of_day, &zone}};
}

/// When the runs after the first one are due.
std::vector<Time> runs(Schedule schedule, int count) {
  std::vector<Time> due;
  for (int i = 0; i < count; ++i) {
    schedule = after_run(schedule, RunEnd::success, *schedule.run_at + 1min, 10, 0.5);
    due.push_back(*schedule.run_at);
  }
  return due;
}

TEST(DailyTime, TheFirstRunIsFollowedByTheNextTimeOfTheDay) {
  EXPECT_EQ(runs(daily(utc(2026, 11, 28, 15h), 2h, berlin), 3),
            (std::vector{utc(2026, 11, 29, 1h), utc(2026, 11, 30, 1h), utc(2026, 12, 1, 1h)}));
  EXPECT_EQ(runs(daily(utc(2026, 11, 28, 15h), 23h, new_york), 2),
            (std::vector{utc(2026, 11, 29, 4h), utc(2026, 11, 30, 4h)}));
  // 00:30 in Berlin: the local day has begun already.
  EXPECT_EQ(runs(daily(utc(2026, 11, 28, 23h + 30min), 2h, berlin), 1), (std::vector{utc(2026, 11, 29, 1h)}));
}

TEST(DailyTime, SeveralDaysAreCountedFromTheLastTimeOfTheDay) {
  EXPECT_EQ(runs(daily(utc(2026, 11, 28, 15h), 2h, utc_zone, days(7)), 2),
            (std::vector{utc(2026, 12, 5, 2h), utc(2026, 12, 12, 2h)}));
  EXPECT_EQ(runs(daily(utc(2026, 11, 28, 1h), 2h, utc_zone, days(7)), 1), (std::vector{utc(2026, 12, 4, 2h)}));
}

TEST(DailyTime, ClocksThatChangeDoNotMoveIt) {
  EXPECT_EQ(runs(daily(utc(2026, 3, 28, 7h), 8h, berlin), 2),
            (std::vector{utc(2026, 3, 29, 6h), utc(2026, 3, 30, 6h)}));
  EXPECT_EQ(runs(daily(utc(2026, 10, 24, 6h), 8h, berlin), 2),
            (std::vector{utc(2026, 10, 25, 7h), utc(2026, 10, 26, 7h)}));
  EXPECT_EQ(runs(daily(utc(2026, 3, 1, 7h), 8h, berlin, days(30)), 1), (std::vector{utc(2026, 3, 31, 6h)}));
}

TEST(DailyTime, ATimeThatIsLeftOutRunsOnce) {
  // 02:30 is followed by 03:30 summer time that day.
  EXPECT_EQ(runs(daily(utc(2026, 3, 27, 1h + 30min), 2h + 30min, berlin), 4),
            (std::vector{utc(2026, 3, 28, 1h + 30min), utc(2026, 3, 29, 1h + 30min), utc(2026, 3, 30, 30min),
                         utc(2026, 3, 31, 30min)}));
}

TEST(DailyTime, ATimeThatComesTwiceRunsOnce) {
  EXPECT_EQ(runs(daily(utc(2026, 10, 23, 30min), 2h + 30min, berlin), 4),
            (std::vector{utc(2026, 10, 24, 30min), utc(2026, 10, 25, 1h + 30min), utc(2026, 10, 26, 1h + 30min),
                         utc(2026, 10, 27, 1h + 30min)}));
  // Asked for at the first of both: the second one is still ahead.
  EXPECT_EQ(runs(daily(utc(2026, 10, 25, 30min), 2h + 30min, berlin), 2),
            (std::vector{utc(2026, 10, 25, 1h + 30min), utc(2026, 10, 26, 1h + 30min)}));
}

TEST(DailyTime, ADayThatIsLeftOutHasNoSecondRun) {
  EXPECT_EQ(runs(daily(utc(2011, 12, 28, 12h), 2h, samoa), 3),
            (std::vector{utc(2011, 12, 29, 12h), utc(2011, 12, 30, 12h), utc(2011, 12, 31, 12h)}));
}

TEST(DailyTime, MissedTimesAreSkipped) {
  const Schedule schedule = daily(utc(2026, 1, 1, 1h), 2h, berlin, days(7));
  EXPECT_EQ(*after_run(schedule, RunEnd::success, utc(2026, 1, 20), 10, 0.5).run_at, utc(2026, 1, 22, 1h));
  EXPECT_EQ(*after_run(schedule, RunEnd::success, utc(2026, 7, 2), 10, 0.5).run_at, utc(2026, 7, 2, 0h) + days(7));
  EXPECT_EQ(*after_run(daily(utc(2026, 1, 1, 1h), 2h, berlin), RunEnd::success, utc(2126, 1, 1), 10, 0.5).run_at,
            utc(2126, 1, 1, 1h));
}

TEST(DailyTime, EveryDayOfAYearHasOneRunAtItsTime) {
  for (const TimeZone* zone : std::vector<const TimeZone*>{&berlin, &new_york, &utc_zone}) {
    for (const seconds time : std::vector<seconds>{0s, 1h + 30min, 2h, 2h + 30min, 3h, 23h + 59min + 59s}) {
      const std::vector<Time> due = runs(daily(utc(2026, 1, 1, 12h), time, *zone), 365);
      for (std::size_t i = 0; i < due.size(); ++i) {
        const LocalTime clock = zone->clock_at(due[i]);
        const auto day = std::chrono::floor<days>(clock);
        const bool left_out = zone->clock_at(zone->moment_of(day + time)) != LocalTime(day + time);
        EXPECT_TRUE(clock - day == time || left_out) << i;
        if (i > 0) {
          EXPECT_EQ(day - std::chrono::floor<days>(zone->clock_at(due[i - 1])), days(1));
        }
      }
    }
  }
}

TEST(DailyTime, RetriesAreNotBoundToItAndTheRunAfterThemIsBackOnIt) {
  Schedule schedule = daily(utc(2026, 1, 1, 1h), 2h, berlin);
  schedule = after_run(schedule, RunEnd::failure, utc(2026, 1, 1, 1h + 1min), 10, 0.5);
  EXPECT_EQ(*schedule.run_at, utc(2026, 1, 1, 1h + 2min));
  schedule = after_run(schedule, RunEnd::failure, utc(2026, 1, 1, 1h + 3min), 10, 0.5);
  EXPECT_EQ(*schedule.run_at, utc(2026, 1, 1, 1h + 5min));
  schedule = after_run(schedule, RunEnd::success, utc(2026, 1, 1, 1h + 6min), 10, 0.5);
  EXPECT_EQ(*schedule.run_at, utc(2026, 1, 2, 1h));
}

TEST(DailyTime, AChangeCountsAnew) {
  const Time now = utc(2026, 1, 1, 14h);
  const DailyTime at_five{5h, &berlin};
  const Schedule at_two = daily(utc(2026, 1, 2, 1h), 2h, berlin);
  EXPECT_EQ(*after_change(at_two, days(1), at_five, now).run_at, utc(2026, 1, 2, 4h));
  EXPECT_EQ(*after_change(at_two, days(1), at_five, utc(2026, 1, 1, 2h)).run_at, utc(2026, 1, 1, 4h));
  EXPECT_EQ(*after_change(at_two, days(3), at_two.at, now).run_at, utc(2026, 1, 4, 1h));
  EXPECT_EQ(after_change(at_two, days(1), at_two.at, now), at_two) << "nothing new";
  EXPECT_EQ(*after_change(at_two, 1h, {}, now).run_at, now) << "the hour since 01:00 UTC is over";
  EXPECT_EQ(after_change(at_two, 1h, {}, now).at, std::nullopt);
  // From one that was counted from its last due time.
  const Schedule hourly{State::success, 3600s, utc(2026, 1, 1, 14h + 30min), 0, {}};
  EXPECT_EQ(*after_change(hourly, days(1), at_five, now).run_at, utc(2026, 1, 2, 4h));
  // One that was missed while the sync was paused is not made up for.
  EXPECT_EQ(*after_change(at_two, days(1), at_two.at, utc(2026, 1, 9, 12h)).run_at, utc(2026, 1, 10, 1h));
  // What failed is tried at once.
  Schedule failed = at_two;
  failed.state = State::failure;
  EXPECT_EQ(*after_change(failed, days(1), at_five, now).run_at, now);
}

}  // namespace
}  // namespace connector::schedule
