#include "fdw/plan/remote_costs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

extern "C" {
#include "optimizer/optimizer.h"
}

namespace connector::fdw {

using core::Operator;

namespace {

/// To send a statement and wait for its first row: about what reading twenty pages takes.
constexpr double round_trip_cost = 20;
/// To send a row here, and to decode it; more for wide ones.
constexpr double sent_row_cost = 0.03;
constexpr double sent_byte_cost = 0.0002;

bool compares_columns(const core::Expression& condition) noexcept {
  return !condition.is_logical() && condition.operands.size() == 2 &&
         condition.operands[1].kind == core::Expression::Kind::column;
}

/// The values that the conditions leave to columns: their number, by the index of the column.
std::map<std::size_t, double> fixed_columns(const std::vector<core::Expression>& conditions) {
  std::map<std::size_t, double> fixed;
  for (const core::Expression& condition : conditions) {
    if (compares_columns(condition)) continue;
    if (condition.operation == Operator::equal) fixed[condition.operands[0].column] = 1;
    if (condition.operation != Operator::in) continue;
    const bool is_known =
        condition.operands.size() != 2 || condition.operands[1].kind == core::Expression::Kind::constant;
    // A list that is not known yet: as the planner guesses the length of arrays.
    const double values = is_known ? static_cast<double>(condition.operands.size() - 1) : 10;
    fixed.emplace(condition.operands[0].column, values);
  }
  return fixed;
}

std::optional<std::size_t> index_of(const core::SourceDescription& description, const std::string& name) {
  for (std::size_t i = 0; i < description.columns.size(); ++i) {
    if (description.columns[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<std::string> column_names(const core::RemoteIndex& index) {
  std::vector<std::string> names;
  for (const core::RemoteIndex::Column& column : index.columns) names.push_back(column.name);
  return names;
}

}  // namespace

std::optional<double> rows_by_key(const core::SourceDescription& description,
                                  const std::vector<core::Expression>& conditions) {
  const std::map<std::size_t, double> fixed = fixed_columns(conditions);
  const auto rows_of = [&](const auto& names) -> std::optional<double> {
    double rows = 1;
    for (const std::string& name : names) {
      const auto index = index_of(description, name);
      const auto found = index ? fixed.find(*index) : fixed.end();
      if (found == fixed.end()) return std::nullopt;
      rows *= found->second;
    }
    return names.empty() ? std::nullopt : std::optional(rows);
  };
  std::optional<double> least = rows_of(description.primary_key);
  for (const core::RemoteIndex& index : description.indexes) {
    if (!index.unique || !index.left_out_reason.empty()) continue;
    const std::optional<double> rows = rows_of(column_names(index));
    if (rows && (!least || *rows < *least)) least = rows;
  }
  return least;
}

bool is_indexed(const core::SourceDescription& description, std::size_t column) {
  const std::string& name = description.columns.at(column).name;
  if (!description.primary_key.empty() && description.primary_key.front() == name) return true;
  return std::ranges::any_of(description.indexes, [&](const core::RemoteIndex& index) {
    return index.left_out_reason.empty() && !index.columns.empty() && index.columns.front().name == name;
  });
}

bool serves_index(const core::SourceDescription& description, const std::vector<core::Expression>& conditions) {
  return std::ranges::any_of(conditions, [&](const core::Expression& condition) {
    if (condition.is_logical() || compares_columns(condition)) return false;
    const bool narrows = condition.operation != Operator::not_equal && condition.operation != Operator::not_in &&
                         condition.operation != Operator::is_not_null;
    return narrows && is_indexed(description, condition.operands[0].column);
  });
}

double index_combinations(const core::SourceDescription& description, const std::vector<std::size_t>& columns,
                          const std::vector<core::Expression>& conditions) {
  const std::map<std::size_t, double> fixed = fixed_columns(conditions);
  double most = 0;
  const auto look_at = [&](const std::vector<std::string>& names) {
    double combinations = 1;
    std::size_t found = 0;
    for (const std::string& name : names) {
      const std::optional<std::size_t> index = index_of(description, name);
      if (!index) continue;
      if (std::ranges::find(columns, *index) != columns.end()) ++found;
      if (const auto list = fixed.find(*index); list != fixed.end()) combinations *= list->second;
    }
    if (found > 1 || (found == 1 && combinations > 1)) most = std::max(most, combinations);
  };
  look_at(description.primary_key);
  for (const core::RemoteIndex& index : description.indexes) {
    if (index.left_out_reason.empty()) look_at(column_names(index));
  }
  return most;
}

PathCost path_cost(const RemoteWork& work) {
  const double looked_at = work.has_index ? work.sent_rows : std::max(work.table_rows, work.sent_rows);
  PathCost cost;
  cost.startup = round_trip_cost + work.local.startup;
  double run = looked_at * cpu_tuple_cost;
  // What the remote has to sort it has to read first; by an index it does not.
  if (work.is_sorted && work.sent_rows > 1) run += work.sent_rows * std::log2(work.sent_rows) * cpu_operator_cost;
  run += work.sent_rows * (sent_row_cost + sent_byte_cost * work.width + work.local.per_tuple + cpu_tuple_cost);
  cost.total = cost.startup + run;
  return cost;
}

std::optional<std::int64_t> constant_limit(const Expr* limit, const Expr* offset) {
  const auto value_of = [](const Expr* expression) -> std::optional<std::int64_t> {
    if (expression == nullptr) return 0;
    if (!IsA(expression, Const)) return std::nullopt;
    const auto* known = reinterpret_cast<const Const*>(expression);
    return known->constisnull ? std::nullopt : std::optional<std::int64_t>(DatumGetInt64(known->constvalue));
  };
  const std::optional<std::int64_t> rows = value_of(limit);
  const std::optional<std::int64_t> passed_over = value_of(offset);
  if (limit == nullptr || !rows || !passed_over || *rows < 0 || *passed_over < 0) return std::nullopt;
  if (*rows > std::numeric_limits<std::int64_t>::max() - *passed_over) return std::nullopt;
  return *rows + *passed_over;
}

}  // namespace connector::fdw
