#include "load/refresh/refresh_mode.hpp"

#include <algorithm>

#include "load/table/default_columns.hpp"
#include "load/table/sync_column.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

std::vector<std::size_t> refresh_key(const RefreshTarget& target, const core::SyncOptions& options,
                                     const LoadPlan& plan) {
  if (!options.key.empty()) return sync_key(options.key, plan);
  std::vector<std::size_t> key;
  // The primary key first; then the unique indexes that foreign keys refer to: rows that others refer to must not be
  // deleted as long as the source has them.
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT x.indexrelid, a.attname FROM pg_index x CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k "
      "(attnum, n) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum WHERE x.indrelid = $1 "
      "AND x.indisvalid AND k.n <= x.indnkeyatts AND (x.indisprimary OR EXISTS (SELECT 1 FROM pg_constraint c "
      "WHERE c.contype = 'f' AND c.confrelid = x.indrelid AND c.conindid = x.indexrelid)) "
      "ORDER BY x.indisprimary DESC, x.indexrelid, k.n",
      {{OIDOID, std::to_string(target.oid)}});
  for (std::size_t i = 0; i < rows.size();) {
    key.clear();
    bool planned = true;
    const std::optional<std::string> index = rows[i][0];
    for (; i < rows.size() && rows[i][0] == index; ++i) {
      const auto found = std::ranges::find_if(
          plan.columns, [&](const PlannedColumn& column) { return pg::exact_server_text(column.name) == *rows[i][1]; });
      planned = planned && found != plan.columns.end();
      key.push_back(static_cast<std::size_t>(found - plan.columns.begin()));
    }
    if (planned) return key;
  }
  // Beside cartodb_id the source's key is a unique constraint.
  const TargetColumn* id = target.find(default_id_column);
  if (id == nullptr || !id->in_primary_key || plan.primary_key.empty()) return {};
  std::vector<AttrNumber> numbers;
  for (const std::size_t index : plan.primary_key) {
    const TargetColumn* local = target.find(pg::exact_server_text(plan.columns[index].name));
    if (local == nullptr || !local->not_null) return {};
    numbers.push_back(local->number);
  }
  return OidIsValid(unique_index(target, numbers)) ? plan.primary_key : std::vector<std::size_t>();
}

core::Error no_merge_key(const std::string& table) {
  return core::Error(core::ErrorNumber::invalid_parameters, "a merge needs a key, and " + table + " has none",
                     "There is no primary key, or it has columns that do not come from the source.",
                     "Name the columns that tell rows apart in \"key\" of \"sync\".");
}

ModeChoice choose_mode(const RefreshTarget& target, const core::SyncOptions& options, const ColumnChanges& changes,
                       bool has_key) {
  if (options.mode == core::SyncMode::merge) return {RefreshMode::merge, {}};
  if (options.mode == core::SyncMode::append) return {RefreshMode::append, {}};
  std::string reason = swap_hindrance(target);
  if (reason.empty() && changes.touches_values() && target.has_children) {
    reason = "the source's columns have changed, and other tables inherit from the table";
  }
  // The rules for rows are those of the table as it was.
  if (reason.empty() && changes.any() && has_row_rules(target)) {
    reason = "the source's columns have changed, and the table has generated columns or check constraints";
  }
  if (reason.empty()) return {RefreshMode::swap, {}};
  return {has_key ? RefreshMode::merge : RefreshMode::delete_and_insert, std::move(reason)};
}

}  // namespace connector::load
