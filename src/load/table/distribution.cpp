#include "load/table/distribution.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

using core::ErrorNumber;
using Kind = TableDistribution::Kind;

namespace {

/// Functions that Citus has in this database tell where it has them: extensions can be moved.
constexpr const char* citus_query =
    "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass "
    "AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass JOIN pg_proc p ON p.oid = d.objid "
    "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE e.extname = 'citus' AND p.proname = "
    "'create_distributed_table' "
    "LIMIT 1";

/// pg_dist_partition's letters: h and n are by hash and without a column; of the latter a reference table has
/// repmodel t, and one on the coordinator is in no group.
constexpr const char* distribution_query =
    "SELECT p.partmethod, p.repmodel, p.colocationid, column_to_column_name(p.logicalrelid, p.partkey) "
    "FROM pg_dist_partition p WHERE p.logicalrelid::oid = $1";

/// Where Citus has a catalog of that name.
bool has_catalog(const char* name) {
  return !pg::catalog_query(
              "SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace = 'pg_catalog'::regnamespace AND relkind = "
              "'r'",
              {{TEXTOID, name}})
              .empty();
}

std::string function(const char* name) {
  const std::optional<std::string> schema = citus_schema();
  if (!schema) {
    throw core::Error(ErrorNumber::cannot_load, "the extension citus is not installed in this database any more");
  }
  return *schema + "." + name;
}

std::vector<pg::SqlParameter> parameters_of(Oid table, std::vector<pg::SqlParameter> others = {}) {
  others.insert(others.begin(), {REGCLASSOID, std::to_string(table)});
  return others;
}

}  // namespace

std::optional<TableDistribution> distribution_of(Oid table) {
  if (!has_catalog("pg_dist_partition")) return std::nullopt;
  const pg::SqlRows rows = pg::catalog_query(distribution_query, {{OIDOID, std::to_string(table)}});
  if (rows.empty()) return std::nullopt;
  const std::string method = rows[0][0].value_or("");
  TableDistribution found;
  if (method == "h") {
    found.kind = Kind::hash;
    found.column = rows[0][3].value_or("");
  } else if (method == "n" && rows[0][1] == "t") {
    found.kind = Kind::reference;
  } else if (method == "n") {
    found.kind = rows[0][2] == "0" ? Kind::local : Kind::single_shard;
  }
  return found;
}

std::optional<std::string> citus_schema() {
  const pg::SqlRows rows = pg::catalog_query(citus_query);
  return rows.empty() ? std::nullopt : rows[0][0];
}

bool is_distributed_schema(Oid schema) {
  return has_catalog("pg_dist_schema") &&
         pg::any_catalog_row("SELECT 1 FROM pg_dist_schema WHERE schemaid::oid = $1", schema);
}

core::Error key_lacks_distribution(const std::string& whose, const std::string& column) {
  return core::Error(
      ErrorNumber::invalid_parameters,
      whose + " lacks column " + core::quoted(column) + ", by which the table is distributed",
      "Citus keeps rows apart, and compares them, on the node where they are.",
      "Distribute by a column of the key, or as \"reference\", or name a key with that column in \"key\" of "
      "\"sync\".");
}

void distribute_by_column(Oid table, const std::string& column, const std::string& beside,
                          std::optional<std::int64_t> shard_count) {
  const std::optional<std::string> by = column.empty() ? std::nullopt : std::optional(column);
  const std::optional<std::string> count = shard_count ? std::optional(std::to_string(*shard_count)) : std::nullopt;
  pg::query("SELECT " + function("create_distributed_table") +
                "($1, $2, colocate_with => $3, shard_count => $4::pg_catalog.int4)",
            parameters_of(table, {{TEXTOID, by}, {TEXTOID, beside}, {INT4OID, count}}));
}

void distribute_as_reference(Oid table) {
  pg::query("SELECT " + function("create_reference_table") + "($1)", parameters_of(table));
}

void keep_on_coordinator(Oid table) {
  pg::query("SELECT " + function("citus_add_local_table_to_metadata") + "($1)", parameters_of(table));
}

}  // namespace connector::load
