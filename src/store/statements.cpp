#include "store/statements.hpp"

#include "store/sql.hpp"

namespace connector::store {

using namespace sql;

std::optional<Statement> statement_after(const std::string& run) {
  const SqlRows rows = query(
      "SELECT 'on_' || r.state, CASE r.state WHEN 'success' THEN s.on_success WHEN 'failure' THEN s.on_failure END, "
      "s.id, s.name, s.statements_role, "
      "EXISTS (SELECT FROM pg_roles o WHERE o.oid = s.statements_role AND o.oid = s.owner::oid "
      "AND o.oid = coalesce(c.relowner, s.owner::oid)) "
      "FROM connector.run r JOIN connector.sync s ON s.id = r.sync_id LEFT JOIN pg_class c ON c.oid = s.relation "
      "WHERE r.id = $1",
      {uuid(run)});
  if (rows.empty() || !rows[0][1]) return std::nullopt;
  const auto& row = rows[0];
  return Statement{run, *row[0], *row[2], *row[3], *row[1], pg::read_oid(row[4]), *row[5] == "t"};
}

void save_statement_error(const std::string& run, const std::string& error) {
  execute("UPDATE connector.run SET statement_error = $2 WHERE id = $1", {uuid(run), text(error)});
}

}  // namespace connector::store
