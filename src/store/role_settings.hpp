// Settings that are given to a role, as processes see them that are not its sessions.
#pragma once

#include "pg/postgres.hpp"

#include <optional>

namespace connector::store {

/// The number that ALTER ROLE … [IN DATABASE …] SET gives the role's sessions in this database; nothing if none does.
std::optional<int> role_setting(Oid role, const char* name);

}  // namespace connector::store
