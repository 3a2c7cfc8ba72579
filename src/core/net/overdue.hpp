// The errors of a run that took too long, or whose remote fell silent: how far it came, and what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/error.hpp"

namespace connector::core {

/// How far a run has come.
struct RunPoint {
  std::string provider;  ///< empty: not known
  Phase phase = Phase::connect;
  std::uint64_t rows = 0;  ///< that have come from the remote
};

/// The run has lasted `lasted`, longer than it may. `silence` is how long the remote has sent nothing although it was
/// waited for; zero if it was not.
Error overdue_error(const RunPoint& point, std::chrono::seconds lasted, std::chrono::seconds silence);

/// The remote has sent nothing for `limit` in the middle of its answer.
Error silent_error(const RunPoint& point, std::chrono::seconds limit);

}  // namespace connector::core
