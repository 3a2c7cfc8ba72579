#include "core/schedule/dispatch.hpp"

#include <algorithm>
#include <tuple>

namespace connector::schedule {

std::vector<std::size_t> choose_jobs(std::span<const DueJob> due, std::map<std::uint64_t, int> running,
                                     int free_workers) {
  // By role, the oldest last: they are taken from the end.
  std::vector<std::size_t> order(due.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(due[b].due, due[b].id) < std::tie(due[a].due, due[a].id);
  });
  std::map<std::uint64_t, std::vector<std::size_t>> by_role;
  for (const std::size_t job : order) by_role[due[job].role].push_back(job);

  std::vector<std::size_t> chosen;
  while (static_cast<int>(chosen.size()) < free_workers) {
    std::optional<std::size_t> best;
    for (auto& [role, jobs] : by_role) {
      // Limits may differ by provider: what is over its limit steps aside for the role's next.
      while (!jobs.empty() && due[jobs.back()].role_limit != 0 && running[role] >= due[jobs.back()].role_limit) {
        jobs.pop_back();
      }
      if (jobs.empty()) continue;
      const DueJob& job = due[jobs.back()];
      if (!best || std::tie(running[role], job.due, job.id) <
                       std::tie(running[due[*best].role], due[*best].due, due[*best].id)) {
        best = jobs.back();
      }
    }
    if (!best) break;
    chosen.push_back(*best);
    ++running[due[*best].role];
    by_role[due[*best].role].pop_back();
  }
  return chosen;
}

}  // namespace connector::schedule
