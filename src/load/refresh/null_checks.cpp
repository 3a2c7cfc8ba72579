#include "load/refresh/null_checks.hpp"

#include <algorithm>

#include "load/table/planned_distribution.hpp"
#include "pg/text.hpp"

namespace connector::load {

void check_nulls(const RefreshTarget& target, const LoadPlan& plan, const std::vector<bool>& has_nulls,
                 const std::vector<AttrNumber>& nullable, std::optional<std::size_t> distribution) {
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    if (!has_nulls[i]) continue;
    const TargetColumn* column = target.find(pg::exact_server_text(plan.columns[i].name));
    const bool not_null =
        column != nullptr && column->not_null && std::ranges::find(nullable, column->number) == nullable.end();
    if (i == distribution) throw null_in_distribution(target, plan.columns[i].name);
    if (not_null) throw null_in_not_null(target, plan.columns[i].name);
  }
}

}  // namespace connector::load
