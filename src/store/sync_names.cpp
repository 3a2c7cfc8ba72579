#include "store/sync_names.hpp"

#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

std::vector<NamedSync> syncs_named(const std::string& name, pg::Sees sees) {
  std::vector<NamedSync> found;
  for (const auto& row : sql::query("SELECT s.id, coalesce(c.relowner, s.owner::oid) FROM connector.sync s "
                                    "LEFT JOIN pg_class c ON c.oid = s.relation WHERE s.name = $1 ORDER BY s.id",
                                    {text(name)}, sees)) {
    found.push_back({*row[0], pg::read_oid(row[1])});
  }
  return found;
}

std::vector<SameTarget> syncs_into(Oid role, const std::string& target_schema, const std::string& target_table) {
  std::vector<SameTarget> found;
  for (const auto& row : sql::query("SELECT s.id, s.name, s.request, x.secrets FROM connector.sync s "
                                    "LEFT JOIN pg_class c ON c.oid = s.relation "
                                    "LEFT JOIN connector.sync_secret x ON x.sync_id = s.id "
                                    "WHERE s.target_table = $3 AND s.target_schema = $2 AND s.owner = $1 "
                                    "AND (s.relation IS NULL OR c.oid IS NOT NULL) "
                                    "AND coalesce(c.relowner, s.owner::oid) = $1 ORDER BY s.created_at, s.id",
                                    {oid(role), {TEXTOID, target_schema}, shown(target_table)}, pg::Sees::latest)) {
    SameTarget sync{*row[0], utf8(*row[1]), {}};
    sync.request.masked = utf8(*row[2]);
    if (row[3]) sync.request.secrets = utf8(*row[3]);
    found.push_back(std::move(sync));
  }
  return found;
}

}  // namespace connector::store
