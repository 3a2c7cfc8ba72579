#include "store/server_users.hpp"

#include "store/sql.hpp"

namespace connector::store {

using namespace sql;

namespace {

/// Whether the connection of a request is a name. Keys are in any case. The name itself is in column `server`: in the
/// request it is masked if it looks as if it held a password.
constexpr const char* names_a_server =
    "EXISTS (SELECT FROM json_each(request) AS m WHERE lower(m.key) = 'connection' AND json_typeof(m.value) = "
    "'string')";

}  // namespace

std::vector<ServerUse> server_uses() {
  std::vector<ServerUse> uses;
  const std::string sql =
      "SELECT s.server, coalesce(c.relowner, s.owner::oid), count(*) FROM connector.sync s "
      "LEFT JOIN pg_class c ON c.oid = s.relation "
      "WHERE s.server IN (SELECT srvname::text FROM pg_foreign_server) AND " +
      std::string(names_a_server) + " GROUP BY 1, 2";
  for (const auto& row : sql::query(sql, {})) {
    uses.push_back({utf8(*row[0]), pg::read_oid(row[1]), std::stoll(*row[2])});
  }
  return uses;
}

std::vector<ServerUser> users_of_server(const std::string& server) {
  std::vector<ServerUser> users;
  const std::string sql =
      "SELECT true, coalesce(c.relowner, s.owner::oid), s.name FROM connector.sync s "
      "LEFT JOIN pg_class c ON c.oid = s.relation WHERE s.server = $1 AND " +
      std::string(names_a_server) +
      " UNION ALL SELECT false, owner::oid, target_table FROM connector.import "
      "WHERE state = 'enqueued' AND synchronization_id IS NULL AND server = $1 AND " +
      std::string(names_a_server) + " ORDER BY 1 DESC, 3";
  for (const auto& row : sql::query(sql, {shown(server)})) {
    users.push_back({*row[0] == "t", pg::read_oid(row[1]), utf8(*row[2])});
  }
  return users;
}

}  // namespace connector::store
