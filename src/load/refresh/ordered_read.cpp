#include "load/refresh/ordered_read.hpp"

#include <algorithm>

#include "pg/text.hpp"

namespace connector::load {

namespace {

bool is_ordered_alike(core::Source& source, const PlannedColumn& column, const RefreshTarget& target) {
  const core::RemoteColumn& remote = source.description().columns[column.remote];
  const TargetColumn* local = target.find(pg::exact_server_text(column.name));
  // A value of another type than the remote's own may have another place here.
  if (local == nullptr || !(column.natural == column.target) || local->type != column.target.oid) return false;
  if (pg::is_text_type(local->type) && !pg::orders_by_utf8(local->collation)) return false;
  return core::keeps_order(remote) && source.orders_by(column.remote) && source.orders_cheaply(column.remote);
}

}  // namespace

std::optional<std::vector<std::size_t>> cheap_order(core::Source& source, const LoadPlan& plan,
                                                    const RefreshTarget& target, const std::vector<std::size_t>& key) {
  // Which column of the key comes first is the same for a comparison, but not for the remote's index.
  if (!std::ranges::is_permutation(plan.primary_key, key)) return std::nullopt;
  const auto is_alike = [&](std::size_t column) { return is_ordered_alike(source, plan.columns[column], target); };
  if (!std::ranges::all_of(plan.primary_key, is_alike)) return std::nullopt;
  return plan.primary_key;
}

core::Scan ordered_scan(const LoadPlan& plan, const std::vector<std::size_t>& columns) {
  core::Scan scan;
  for (const std::size_t column : columns) {
    // A row with NULL in the key ends the run wherever it comes.
    scan.order_by.push_back({.column = plan.columns[column].remote, .nulls = core::Nulls::wherever});
  }
  return scan;
}

}  // namespace connector::load
