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

/// The newest imports, at most $2, that the role $1 may see: those that are `meant`, for which there is an index by
/// owner and id, and among `source`, which has those of the owner o.owner. Of each owner no more are read than can be
/// among them. Ids ascend as imports are asked for.
std::string imports_sql(const std::string& meant, const std::string& source) {
  return "WITH RECURSIVE owners (owner) AS ((SELECT i.owner FROM connector.import i WHERE " + meant +
         " ORDER BY i.owner LIMIT 1) UNION ALL SELECT (SELECT i.owner FROM connector.import i "
         "WHERE i.owner > o.owner AND " +
         meant +
         " ORDER BY i.owner LIMIT 1) FROM owners o WHERE o.owner IS NOT NULL) "
         "SELECT d.item_queue_id, d.id FROM owners o CROSS JOIN LATERAL (SELECT i.id, i.item_queue_id FROM " +
         source +
         " ORDER BY i.id DESC LIMIT $2) AS d WHERE pg_has_role($1, 'pg_read_all_stats', 'USAGE') "
         "OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = o.owner AND pg_has_role($1, r.oid, 'USAGE')) "
         "ORDER BY d.id DESC LIMIT $2";
}

}  // namespace

std::vector<std::string> newest_imports(Oid role, const Page& page, bool unfinished) {
  const std::string meant = unfinished ? "i.state IN ('enqueued', 'uploading')" : "true";
  const std::string recent = unfinished ? " AND i.created_at > statement_timestamp() - interval '24 hours'" : "";
  const std::string older =
      page.before ? " AND i.id < (SELECT b.id FROM connector.import b WHERE b.item_queue_id = $3)" : "";
  return page_of(imports_sql(meant, "connector.import i WHERE i.owner = o.owner AND " + meant + recent + older), role,
                 page);
}

FoundImports find_imports(Oid role, const std::optional<std::string>& text, std::int64_t limit, std::int64_t most) {
  std::vector<SqlParameter> parameters{oid(role), {INT8OID, std::to_string(most)}, {INT8OID, std::to_string(limit)}};
  std::string source = "connector.import i WHERE i.owner = o.owner AND i.synchronization_id IS NULL";
  if (text) {
    // To look through all of a long history would take seconds.
    source = "(SELECT i.* FROM " + source +
             " ORDER BY i.id DESC LIMIT 100000) AS i "
             "WHERE strpos(lower(concat_ws(E'\\n', CASE WHEN i.state = 'complete' THEN i.table_name "
             "ELSE coalesce(i.table_name, i.target_table) END, i.schema_name, i.server, i.source, i.item_queue_id) "
             "COLLATE \"default\"), lower($4)) > 0";
    parameters.push_back(sql::text(*text));
  }
  FoundImports found;
  for (const auto& row : sql::query("WITH found AS MATERIALIZED (" + imports_sql("true", source) +
                                        ") SELECT f.item_queue_id, (SELECT count(*) FROM found) FROM found f "
                                        "ORDER BY f.id DESC LIMIT $3",
                                    parameters, pg::Sees::callers_snapshot)) {
    found.ids.push_back(*row[0]);
    found.count = std::stoll(*row[1]);
  }
  return found;
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
