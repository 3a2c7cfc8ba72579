// Which of the due jobs start now: a pure decision, without PostgreSQL.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/schedule/schedule.hpp"

namespace connector::schedule {

/// A job that is due.
struct DueJob {
  std::string id;
  std::uint64_t role = 0;  ///< whose limit counts: a role's syncs, a role's imports
  Time due;
  int role_limit = 0;  ///< jobs of the role that may run at the same time; 0 = no limit
};

/// Chooses among the due jobs for `free_workers` places. `running` counts the jobs that each role has under way.
///
/// The role with the fewest running jobs comes first, and of a role, as between roles with equally many, the job that
/// is due for the longest time: so nobody's backlog holds up the others, and no job waits for ever.
std::vector<std::size_t> choose_jobs(std::span<const DueJob> due, std::map<std::uint64_t, int> running,
                                     int free_workers);

}  // namespace connector::schedule
