#include "core/schedule/dispatch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <queue>
#include <random>
#include <set>

namespace connector::schedule {
namespace {

using namespace std::chrono_literals;

const Time start{std::chrono::sys_days(std::chrono::January / 1 / 2026)};

DueJob job(std::string id, std::uint32_t role, std::chrono::seconds due, int limit = 3) {
  return {std::move(id), role, start + due, limit};
}

std::vector<std::string> chosen(const std::vector<DueJob>& due, const std::map<std::uint64_t, int>& running, int free) {
  std::vector<std::string> ids;
  for (const std::size_t index : choose_jobs(due, running, free)) ids.push_back(due[index].id);
  return ids;
}

using Ids = std::vector<std::string>;

TEST(SyncDispatch, OldestFirst) {
  const std::vector<DueJob> due = {job("c", 1, 30s), job("a", 1, 10s), job("b", 1, 20s)};
  EXPECT_EQ(chosen(due, {}, 2), (Ids{"a", "b"}));
  EXPECT_EQ(chosen(due, {}, 0), Ids{});
  EXPECT_EQ(chosen({}, {}, 5), Ids{});
}

TEST(SyncDispatch, LimitOfTheRole) {
  std::vector<DueJob> due;
  for (int i = 0; i < 10; ++i) due.push_back(job("j" + std::to_string(i), 1, std::chrono::seconds(i)));
  EXPECT_EQ(chosen(due, {}, 8).size(), 3u);
  EXPECT_EQ(chosen(due, {{1, 2}}, 8).size(), 1u);
  EXPECT_EQ(chosen(due, {{1, 3}}, 8).size(), 0u);
  for (DueJob& one : due) one.role_limit = 0;
  EXPECT_EQ(chosen(due, {{1, 100}}, 8).size(), 8u) << "0 is no limit";
}

TEST(SyncDispatch, LimitsMayDifferByProvider) {
  EXPECT_EQ(chosen({job("narrow", 1, 1s, 1), job("wide", 1, 2s, 3)}, {{1, 1}}, 8), (Ids{"wide"}));
}

TEST(SyncDispatch, ABacklogOfOneRoleHoldsUpNobody) {
  std::vector<DueJob> due;
  for (int i = 0; i < 500; ++i) due.push_back(job("old" + std::to_string(i), 1, std::chrono::seconds(i), 0));
  due.push_back(job("new", 2, 10000s, 0));
  EXPECT_EQ(chosen(due, {{1, 1}}, 1), (Ids{"new"}));
  const Ids two = chosen(due, {}, 2);
  EXPECT_EQ(two, (Ids{"old0", "new"}));
}

/// Months of a busy cluster in a moment: jobs become due, run for a while, fail at times.
TEST(SyncDispatch, MonthsWithMockTime) {
  std::mt19937 random(7);
  struct Sync {
    Schedule schedule;
    std::uint32_t role;
    bool running = false;
    Time last_start{};
    int runs = 0;
    std::chrono::microseconds longest_wait{0};
  };
  constexpr int workers = 4;
  constexpr int per_role = 3;
  std::vector<Sync> syncs;
  for (int i = 0; i < 60; ++i) {
    const auto interval = std::chrono::seconds(900 * (1 + i % 8));
    // Role 0 has two thirds of them.
    syncs.push_back({{State::created, interval, start, 0}, i % 3 == 0 ? 1u + i % 5 : 0u});
  }
  using End = std::pair<Time, std::size_t>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  Time now = start;
  std::uint64_t total = 0;
  const Time horizon = start + 24h * 90;
  while (now < horizon) {
    std::vector<DueJob> due;
    std::vector<std::size_t> index;
    std::map<std::uint64_t, int> running;
    int busy = 0;
    for (std::size_t i = 0; i < syncs.size(); ++i) {
      if (syncs[i].running) {
        ++busy;
        ++running[syncs[i].role];
      } else if (syncs[i].schedule.run_at && *syncs[i].schedule.run_at <= now) {
        due.push_back({std::to_string(i), syncs[i].role, *syncs[i].schedule.run_at, per_role});
        index.push_back(i);
      }
    }
    for (const std::size_t choice : choose_jobs(due, running, workers - busy)) {
      Sync& sync = syncs[index[choice]];
      ASSERT_FALSE(sync.running) << "never two runs of one sync";
      sync.running = true;
      sync.longest_wait = std::max(sync.longest_wait, now - *sync.schedule.run_at);
      ++running[sync.role];
      ++busy;
      ++total;
      ++sync.runs;
      ends.emplace(now + std::chrono::seconds(5 + random() % 60), index[choice]);
    }
    ASSERT_LE(busy, workers);
    for (const auto& [role, count] : running) ASSERT_LE(count, per_role);
    // The next event: an end, or somebody becomes due.
    Time next = horizon;
    if (!ends.empty()) next = ends.top().first;
    for (const Sync& sync : syncs) {
      if (!sync.running && sync.schedule.run_at && *sync.schedule.run_at > now) {
        next = std::min(next, *sync.schedule.run_at);
      }
    }
    now = next;
    while (!ends.empty() && ends.top().first <= now) {
      Sync& sync = syncs[ends.top().second];
      ends.pop();
      sync.running = false;
      const RunEnd end = random() % 10 == 0 ? RunEnd::failure : RunEnd::success;
      sync.schedule = after_run(sync.schedule, end, now, 1000, (random() % 1000) / 1000.0);
    }
  }
  EXPECT_GT(total, 100'000u);
  for (const Sync& sync : syncs) {
    const auto expected = (horizon - start) / sync.schedule.interval;
    EXPECT_GT(sync.runs, expected * 95 / 100) << "nobody starves";
    EXPECT_LT(sync.longest_wait, 15min);
  }
}

}  // namespace
}  // namespace connector::schedule
