#include "load/merge/node_staging.hpp"

#include "core/base/error.hpp"
#include "core/request/names.hpp"
#include "load/table/target_table.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

using Kind = TableDistribution::Kind;

namespace {

void check_may_create(const RefreshTarget& target, Oid schema) {
  const bool allowed =
      pg::guard([=] { return connector_aclcheck_namespace(schema, GetUserId(), ACL_CREATE) == ACLCHECK_OK; });
  if (allowed) return;
  const pg::SqlRows rows = pg::catalog_query("SELECT quote_ident(CURRENT_USER::text)");
  const std::string role = pg::utf8_text(rows.at(0).at(0).value_or(""));
  const std::string shown = pg::utf8_text(pg::quote_name(target.schema));
  throw core::Error(core::ErrorNumber::cannot_load, "role " + role + " may not create tables in schema " + shown,
                    "The source's rows are put into a table beside " + target.shown() +
                        " first, which Citus distributes in the same way.",
                    "GRANT CREATE ON SCHEMA " + shown + " TO " + role + ".", true);
}

/// Without a column it is as good as any to be beside.
void distribute_beside(const RefreshTarget& target, const TableDistribution& distribution, Oid table) {
  switch (distribution.kind) {
    case Kind::hash:
    case Kind::single_shard:
      return distribute_by_column(table, distribution.column, target.sql(), std::nullopt);
    case Kind::reference:
      return distribute_as_reference(table);
    case Kind::local:
      return keep_on_coordinator(table);
    case Kind::other:
      return;
  }
}

}  // namespace

NodeStaging::NodeStaging(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
                         bool default_geometry)
    : NodeStaging(target, distribution, plan, staging_columns(target, plan, default_geometry)) {}

NodeStaging::NodeStaging(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
                         const std::vector<BareColumn>& columns)
    : StagedColumns(plan, columns) {
  const Oid schema = pg::guard([&] { return get_rel_namespace(target.oid); });
  check_may_create(target, schema);
  const std::string name = pg::exact_server_text(core::unused_name(
      "connector_staging_" + std::to_string(target.oid),
      [&](const std::string& candidate) { return is_taken(schema, pg::exact_server_text(candidate)); }));
  sql_ = pg::quote_qualified(target.schema, name);
  oid_ = create_bare_table(target.schema, name, RELPERSISTENCE_UNLOGGED, columns);
  distribute_beside(target, distribution, oid_);
}

void NodeStaging::drop() {
  pg::execute("DROP TABLE " + sql_);
}

}  // namespace connector::load
