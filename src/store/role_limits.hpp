// The table connector.role_limits.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace connector::store {

/// What connector.role_limits says of a role and provider; a row for the role wins over one for all roles, and one for
/// the provider over one for all providers.
struct RoleLimits {
  bool enabled = true;
  std::int64_t max_rows = 0;     ///< 0 = none
  std::optional<int> max_syncs;  ///< instead of connector.max_syncs_per_role; 0 = may not sync
};
/// Keeps no lock: DROP EXTENSION need not wait for a run that has looked.
RoleLimits role_limits(Oid role, std::string_view provider);

}  // namespace connector::store
