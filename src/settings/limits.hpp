// The settings that runs and their scheduling look at.
#pragma once

namespace connector::settings {

/// The most that connector.max_workers can be: shared memory has so many places.
inline constexpr int most_workers = 64;

/// The most that the limits of reader processes can be.
inline constexpr int most_readers = 10'000;

struct RunLimits {
  int max_workers;           ///< of the whole cluster
  int max_syncs_per_role;    ///< 0 = none
  int max_imports_per_role;  ///< 0 = none
  int max_retries;
  int keep_runs;
};

}  // namespace connector::settings
