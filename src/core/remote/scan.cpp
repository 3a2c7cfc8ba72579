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

}  // namespace connector::core
