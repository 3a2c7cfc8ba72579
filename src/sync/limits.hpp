// The settings that runs and their scheduling look at.
#pragma once

namespace connector::sync {

struct Limits {
  int max_workers;           ///< of the whole cluster
  int max_syncs_per_role;    ///< 0 = none
  int max_imports_per_role;  ///< 0 = none
  int max_retries;
  int keep_runs;
};

}  // namespace connector::sync
