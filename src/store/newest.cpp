#include "store/newest.hpp"

#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

std::vector<std::string> page_of(const std::string& statement, Oid role, const Page& page) {
  std::vector<std::string> ids;
  for (const auto& row : sql::query(statement,
                                    {oid(role),
                                     {INT8OID, page.limit ? std::optional(std::to_string(*page.limit)) : std::nullopt},
                                     {UUIDOID, page.before}},
                                    pg::Sees::callers_snapshot)) {
    ids.push_back(*row[0]);
  }
  return ids;
}

}  // namespace

std::vector<std::string> newest_imports(Oid role, const Page& page, bool unfinished) {
  // Both are indexes by owner and id: of each role that is looked at, no more is read than can be on the page. Ids
  // ascend as imports are asked for.
  const std::string meant = unfinished ? "i.state IN ('enqueued', 'uploading')" : "true";
  const std::string recent = unfinished ? " AND i.created_at > statement_timestamp() - interval '24 hours'" : "";
  const std::string older =
      page.before ? " AND i.id < (SELECT b.id FROM connector.import b WHERE b.item_queue_id = $3)" : "";
  return page_of("WITH RECURSIVE owners (owner) AS ((SELECT i.owner FROM connector.import i WHERE " + meant +
                     " ORDER BY i.owner LIMIT 1) UNION ALL SELECT (SELECT i.owner FROM connector.import i "
                     "WHERE i.owner > o.owner AND " +
                     meant +
                     " ORDER BY i.owner LIMIT 1) FROM owners o WHERE o.owner IS NOT NULL) "
                     "SELECT d.item_queue_id FROM owners o CROSS JOIN LATERAL (SELECT i.id, i.item_queue_id "
                     "FROM connector.import i WHERE i.owner = o.owner AND " +
                     meant + recent + older +
                     " ORDER BY i.id DESC LIMIT $2) AS d WHERE pg_has_role($1, 'pg_read_all_stats', 'USAGE') "
                     "OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = o.owner AND pg_has_role($1, r.oid, 'USAGE')) "
                     "ORDER BY d.id DESC LIMIT $2",
                 role, page);
}

std::vector<std::string> newest_syncs(Oid role, const Page& page) {
  const std::string older =
      page.before ? "AND (s.created_at, s.id) < ((SELECT b.created_at FROM connector.sync b WHERE b.id = $3), $3) "
                  : "";
  return page_of(
      "SELECT s.id FROM connector.sync s LEFT JOIN pg_class c ON c.oid = s.relation "
      "WHERE (pg_has_role($1, 'pg_read_all_stats', 'USAGE') OR EXISTS (SELECT FROM pg_roles r "
      "WHERE r.oid = coalesce(c.relowner, s.owner::oid) AND pg_has_role($1, r.oid, 'USAGE'))) " +
          older + "ORDER BY s.created_at DESC, s.id DESC LIMIT $2",
      role, page);
}

}  // namespace connector::store
