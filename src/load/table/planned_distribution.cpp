#include "load/table/planned_distribution.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/text.hpp"

namespace connector::load {

using core::ErrorNumber;

std::optional<std::size_t> planned_distribution(const RefreshTarget& target, const TableDistribution& distribution,
                                                const LoadPlan& plan) {
  if (distribution.kind != TableDistribution::Kind::hash) return std::nullopt;
  const std::string column = pg::utf8_text(distribution.column);
  const auto found = std::ranges::find(plan.columns, column, &PlannedColumn::name);
  if (found != plan.columns.end()) return static_cast<std::size_t>(found - plan.columns.begin());
  throw core::Error(ErrorNumber::incompatible_schemas,
                    target.shown() + " can't be refreshed: the source has no column " + core::quoted(column),
                    "Citus distributes the table by that column.",
                    "Have the column read, too, or have the table distributed by another one.");
}

core::Error null_in_distribution(const RefreshTarget& target, const std::string& column) {
  return core::Error(ErrorNumber::cannot_load,
                     "column " + core::quoted(column) + " has NULL values in the source, but Citus distributes " +
                         target.shown() + " by it",
                     "A row without that value has no place on any node.",
                     "Leave such rows out with \"sql_query\", or have the table distributed by another column.");
}

}  // namespace connector::load
