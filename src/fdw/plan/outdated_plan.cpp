#include "fdw/plan/outdated_plan.hpp"

#include "pg/postgres.hpp"

#include "core/base/error.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "utils/plancache.h"
}

namespace connector::fdw {

void plan_is_outdated() {
  // Plans that were made before are made again.
  pg::guard([] { ResetPlanCache(); });
  throw core::Error(core::ErrorNumber::cannot_read, "the remote table has changed since the statement was planned", {},
                    "Try again.");
}

}  // namespace connector::fdw
