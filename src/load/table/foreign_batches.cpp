#include "load/table/foreign_batches.hpp"

#include <algorithm>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

namespace {

/// The wrapper is known by its handler, whatever its name; an option of the table goes before the server's.
constexpr const char* single_rows_query =
    "SELECT DISTINCT s.srvname, CASE WHEN o.of_table IS NOT NULL "
    "THEN format('ALTER FOREIGN TABLE %s OPTIONS (SET batch_size ''1000'')', f.ftrelid::regclass) "
    "ELSE format('ALTER SERVER %I OPTIONS (%s batch_size ''1000'')', s.srvname, "
    "CASE WHEN o.of_server IS NULL THEN 'ADD' ELSE 'SET' END) END "
    "FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver "
    "JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw JOIN pg_proc h ON h.oid = w.fdwhandler "
    "CROSS JOIN LATERAL (SELECT "
    "(SELECT option_value FROM pg_options_to_table(f.ftoptions) WHERE option_name = 'batch_size') AS of_table, "
    "(SELECT option_value FROM pg_options_to_table(s.srvoptions) WHERE option_name = 'batch_size') AS of_server) o "
    "WHERE (f.ftrelid = $1 OR f.ftrelid = ANY (SELECT p.relid::oid FROM pg_partition_tree($1::regclass) p)) "
    "AND h.prosrc = 'postgres_fdw_handler' AND coalesce(o.of_table, o.of_server, '1') = '1' ORDER BY 1, 2";

}  // namespace

std::vector<std::string> report_single_rows(const RefreshTarget& target) {
  const pg::SqlRows rows = pg::catalog_query(single_rows_query, {{OIDOID, std::to_string(target.oid)}});
  std::vector<std::string> servers;
  std::string names;
  std::string commands;
  for (const auto& row : rows) {
    const std::string server = pg::utf8_text(row[0].value());
    core::add_item(commands, pg::utf8_text(row[1].value()) + ";", " ");
    if (std::ranges::find(servers, server) != servers.end()) continue;
    servers.push_back(server);
    core::add_item(names, core::quoted(server));
  }
  if (servers.empty()) return servers;
  pg::warning("rows for " + target.shown() + " are sent one by one to foreign server" +
                  (servers.size() == 1 ? " " : "s ") + names,
              "The option \"batch_size\" of postgres_fdw is 1 there, so each row is a statement and a round trip.",
              commands);
  return servers;
}

}  // namespace connector::load
