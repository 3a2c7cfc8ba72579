#include "load/refresh/distributed_refresh.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "load/table/planned_distribution.hpp"
#include "core/base/utf8.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace connector::load {

namespace {

core::Error incompatible(const RefreshTarget& target, const std::string& why, const std::string& hint) {
  return core::Error(core::ErrorNumber::incompatible_schemas, target.shown() + " can't be refreshed: " + why, {}, hint);
}

/// Citus' columnar storage takes new rows and nothing else.
bool is_columnar(const RefreshTarget& target) {
  return pg::any_catalog_row(
      "SELECT 1 FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = $1 AND a.amname = 'columnar'",
      target.oid);
}

}  // namespace

bool has_constraints(const RefreshTarget& target) {
  return pg::any_catalog_row(
      "SELECT 1 FROM pg_index WHERE indrelid = $1 AND (indisunique OR indisexclusion) UNION ALL "
      "SELECT 1 FROM pg_constraint WHERE conrelid = $1 AND contype IN ('f', 'c') LIMIT 1",
      target.oid);
}

void check_distributed_refresh(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
                               const ColumnChanges& changes, RefreshMode mode, const std::vector<std::size_t>& key) {
  if (distribution.kind == TableDistribution::Kind::other) {
    throw incompatible(target, "Citus distributes it by append or range, where rows can't be inserted by a query",
                       "Make a new table, distributed by hash: \"distribute\" of a request does that.");
  }
  if (is_columnar(target) && (mode != RefreshMode::append || !key.empty())) {
    throw incompatible(target, "its rows are stored by column, where they can't be deleted or updated",
                       "A sync of mode \"append\" without \"key\" only adds rows. Else store it by row: SELECT "
                       "alter_table_set_access_method('" +
                           pg::utf8_text(target.sql()) + "', 'heap').");
  }
  const std::optional<std::size_t> by = planned_distribution(target, distribution, plan);
  if (!by) return;
  const std::string& column = plan.columns[*by].name;
  if (std::ranges::find(changes.retyped, *by) != changes.retyped.end()) {
    throw incompatible(
        target, "column " + core::quoted(column) + ", by which Citus distributes it, has another type in the source",
        "Keep its type with \"columns\", or have the table made anew.");
  }
  const bool compares = mode == RefreshMode::merge || mode == RefreshMode::append;
  if (compares && !key.empty() && std::ranges::find(key, *by) == key.end()) {
    throw key_lacks_distribution("the key by which rows of " + target.shown() + " are told apart", column);
  }
}

}  // namespace connector::load
