#include "load/table/new_distribution.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "load/table/distribution.hpp"
#include "load/table/sync_column.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

/// Citus' word for tables with a column of the same type and as many shards.
constexpr const char* usual_group = "default";

/// A name without a schema means a table of the new table's schema: that does not depend on the session, and a sync's
/// first run has another one.
constexpr const char* named_table_query =
    "SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM parse_ident($1) AS p (name) "
    "JOIN pg_class c ON c.relname = p.name[cardinality(p.name)] JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = CASE cardinality(p.name) WHEN 1 THEN $2 WHEN 2 THEN p.name[1] END AND c.relkind IN ('r', 'p')";

struct NamedTable {
  Oid oid = InvalidOid;
  std::string sql;  ///< with its schema
};

std::optional<NamedTable> find_table(const std::string& name, const TargetSchema& schema) {
  pg::SqlRows rows;
  try {
    pg::in_subtransaction([&] {
      rows = pg::catalog_query(named_table_query, {{TEXTOID, pg::exact_server_text(name)}, {TEXTOID, schema.name}});
    });
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_INVALID_PARAMETER_VALUE) throw;  // no name at all, as SQL writes them
  }
  if (rows.empty()) return std::nullopt;
  return NamedTable{pg::read_oid(rows[0][0]), rows[0][1].value_or("")};
}

core::Error wrong_neighbour(const std::string& name, const std::string& what, const std::string& detail = {}) {
  return core::Error(ErrorNumber::invalid_parameters,
                     "\"colocate_with\" of \"distribute\" names " + core::quoted(name) + ", " + what, detail,
                     "Name a table of this database that Citus distributes by a column of the same type, with its "
                     "schema if that is not the new table's.");
}

/// The table beside whose shards those of the new one are to be.
std::string neighbour(const std::string& name, const TargetSchema& schema, const PlannedColumn& column) {
  const std::optional<NamedTable> table = find_table(name, schema);
  if (!table) throw wrong_neighbour(name, "which is no table of this database");
  const std::optional<TableDistribution> found = distribution_of(table->oid);
  if (!found || found->kind != TableDistribution::Kind::hash) {
    throw wrong_neighbour(name, "which is not distributed by a column");
  }
  const Oid type = pg::guard([&] { return get_atttype(table->oid, get_attnum(table->oid, found->column.c_str())); });
  if (type != column.target.oid) {
    throw wrong_neighbour(name, "which is distributed by a column of another type",
                          "Column " + core::quoted(pg::utf8_text(found->column)) + " is " +
                              pg::utf8_text(pg::guard([&] { return format_type_be(type); })) + " there, column " +
                              core::quoted(column.name) + " " + pg::utf8_text(column.target.shown) + ".");
  }
  return table->sql;
}

bool has_hash(const PlannedColumn& column) {
  return pg::guard([&] {
    return OidIsValid(lookup_type_cache(column.target.oid, TYPECACHE_HASH_PROC_FINFO)->hash_proc_finfo.fn_oid);
  });
}

void check_keys(const core::ConnectorSpec& spec, const LoadPlan& plan, std::size_t column) {
  const auto lacks = [&](const std::vector<std::size_t>& key) {
    return !key.empty() && std::ranges::find(key, column) == key.end();
  };
  const std::string& name = plan.columns[column].name;
  if (lacks(plan.primary_key)) throw key_lacks_distribution("the primary key of the source", name);
  if (spec.sync && lacks(sync_key(spec.sync->key, plan))) throw key_lacks_distribution("the key of the sync", name);
}

}  // namespace

void check_citus(const core::ConnectorSpec& spec) {
  if (!spec.distribute || citus_schema()) return;
  throw core::Error(ErrorNumber::invalid_parameters,
                    "\"distribute\" needs the extension citus, which is not installed in this database", {},
                    "CREATE EXTENSION citus, where a cluster of Citus is at hand, or leave \"distribute\" out.");
}

std::optional<NewDistribution> plan_distribution(const core::ConnectorSpec& spec, const TargetSchema& schema,
                                                 const LoadPlan& plan) {
  if (!spec.distribute) return std::nullopt;
  check_citus(spec);
  const core::Distribution& wanted = *spec.distribute;
  if (is_distributed_schema(schema.oid)) {
    throw core::Error(ErrorNumber::invalid_parameters,
                      "\"distribute\" has no place in schema " + core::quoted(pg::utf8_text(schema.name)) +
                          ", which is distributed as a whole",
                      "Citus keeps all tables of such a schema on one node.",
                      "Leave \"distribute\" out, or choose another schema with \"target_schema\".");
  }
  if (wanted.reference) return NewDistribution{};
  NewDistribution distribution;
  distribution.column = planned_column(wanted.column, "distribution", "\"column\" of \"distribute\"", plan);
  distribution.shard_count = wanted.shard_count;
  const PlannedColumn& column = plan.columns[*distribution.column];
  if (!has_hash(column)) {
    throw core::Error(ErrorNumber::invalid_parameters,
                      "a table can't be distributed by column " + core::quoted(column.name) + " of type " +
                          pg::utf8_text(column.target.shown),
                      "Citus distributes by a hash of the value, and this type has none.",
                      "Choose another column, or another type for it with \"columns\".");
  }
  check_keys(spec, plan, *distribution.column);
  if (!wanted.colocate_with) {
    distribution.beside = usual_group;
  } else if (core::lower_ascii(*wanted.colocate_with) == core::no_colocation) {
    distribution.beside = core::no_colocation;
  } else {
    distribution.beside = neighbour(*wanted.colocate_with, schema, column);
  }
  return distribution;
}

void distribute(Oid table, const NewDistribution& distribution, const LoadPlan& plan) {
  if (!distribution.column) return distribute_as_reference(table);
  distribute_by_column(table, pg::exact_server_text(plan.columns[*distribution.column].name), distribution.beside,
                       distribution.shard_count);
}

void report_kept_distribution(const core::ConnectorSpec& spec, Oid table) {
  if (!spec.distribute) return;
  const std::optional<TableDistribution> found = distribution_of(table);
  pg::notice("\"distribute\" has no effect on a table that is there already",
             found ? "It stays distributed as it is." : "It stays a table of this node.");
}

}  // namespace connector::load
