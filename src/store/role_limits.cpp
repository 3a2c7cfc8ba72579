#include "store/role_limits.hpp"

#include <string>
#include <vector>

#include "pg/subtransaction.hpp"
#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

namespace {

constexpr const char* role_limits_query =
    "SELECT l.enabled, l.max_rows, l.max_syncs FROM connector.role_limits l WHERE (l.role_name IS NULL "
    "OR l.role_name::oid = $1) AND (l.provider IS NULL OR l.provider = $2) "
    "ORDER BY (l.role_name IS NULL), (l.provider IS NULL) LIMIT 1";

}  // namespace

RoleLimits role_limits(Oid role, std::string_view provider) {
  const std::vector<pg::SqlParameter> parameters = {{OIDOID, std::to_string(role)}, {TEXTOID, std::string(provider)}};
  pg::SqlRows rows;
  pg::in_discarded_subtransaction(
      [&] { rows = sql::query(role_limits_query, parameters, pg::Sees::callers_snapshot); });
  RoleLimits limits;
  if (!rows.empty()) {
    limits.enabled = rows[0][0] != "f";
    if (rows[0][1]) limits.max_rows = std::stoll(*rows[0][1]);
    if (rows[0][2]) limits.max_syncs = std::stoi(*rows[0][2]);
  }
  return limits;
}

}  // namespace connector::store
