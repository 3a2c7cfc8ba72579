#include "core/remote/scan.hpp"

namespace connector::core {

std::vector<std::size_t> columns_of(const Expression& condition) {
  if (condition.kind == Expression::Kind::column) return {condition.column};
  std::vector<std::size_t> columns;
  for (const Expression& operand : condition.operands) {
    const std::vector<std::size_t> found = columns_of(operand);
    columns.insert(columns.end(), found.begin(), found.end());
  }
  return columns;
}

std::string part_alias(std::size_t part) {
  return 'r' + std::to_string(part);
}

std::vector<std::size_t> columns_of(const Scan& scan) {
  std::vector<std::size_t> columns;
  const auto add = [&](const std::vector<std::size_t>& found) {
    columns.insert(columns.end(), found.begin(), found.end());
  };
  for (const Join& join : scan.joins) add(columns_of(join.on));
  if (scan.where) add(columns_of(*scan.where));
  if (scan.is_grouped) add(scan.columns);
  for (const Aggregate& aggregate : scan.aggregates) {
    if (aggregate.function != AggregateFunction::count_rows) columns.push_back(aggregate.column);
  }
  for (const OrderBy& item : scan.order_by) columns.push_back(item.column);
  return columns;
}

}  // namespace connector::core
