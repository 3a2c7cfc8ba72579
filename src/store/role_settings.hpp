// Settings that are given to a role, as processes see them that are not its sessions.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <vector>

#include "pg/setting.hpp"

namespace connector::store {

/// The settings connector.* that ALTER ROLE and ALTER DATABASE … SET give the role's sessions in this database. Where
/// one is there twice the latter counts, as at a login.
std::vector<pg::Setting> role_settings(Oid role);

/// One of them, as a number; nothing if it is not there.
std::optional<int> role_setting(Oid role, const char* name);

}  // namespace connector::store
