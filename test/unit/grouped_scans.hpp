// How dialects write groups, aggregates and joins, for tests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"

namespace connector::core::testing {

/// What is selected for an aggregate of a column `c`; nothing if the remote does not compute it.
inline std::optional<std::string> aggregate_sql(const Dialect& dialect, AggregateFunction function,
                                                const RemoteColumn& column) {
  const std::vector<RemoteColumn> columns = {column};
  const Aggregate aggregate{.function = function, .column = 0};
  if (!dialect.aggregates(aggregate, columns)) return std::nullopt;
  const std::string sql =
      dialect.select({.is_grouped = true, .aggregates = {aggregate}},
                     {.list = "", .from = "t", .column = [](std::size_t) { return std::string("c"); }}, columns);
  const std::string select = "SELECT ", from = " FROM t";
  return sql.substr(select.size(), sql.size() - select.size() - from.size());
}

/// The whole statement that groups by a column `c`; nothing if the remote does not.
inline std::optional<std::string> grouped_by(const Dialect& dialect, const RemoteColumn& column) {
  if (!dialect.groups(column)) return std::nullopt;
  return dialect.select({.columns = {0}, .is_grouped = true},
                        {.list = "", .from = "t", .column = [](std::size_t) { return std::string("c"); }}, {column});
}

/// The condition of an inner join that compares a column `a` of one part with a column `b` of the other; nothing if it
/// is not exact.
inline std::optional<std::string> joined_on(const Dialect& dialect, const RemoteColumn& a, const RemoteColumn& b,
                                            Operator comparison = Operator::equal) {
  const std::vector<RemoteColumn> columns = {a, b};
  const Join join{.on = {.operation = comparison, .operands = {Expression::of_column(0), Expression::of_column(1)}}};
  if (!dialect.joins(join, columns)) return std::nullopt;
  const std::string sql = dialect.select({.columns = {0}, .joins = {join}},
                                         {.list = "x",
                                          .from = "t",
                                          .column = [](std::size_t i) { return std::string(i == 0 ? "a" : "b"); },
                                          .joined = {"u"}},
                                         columns);
  return sql.substr(std::string("SELECT x FROM t INNER JOIN u ON ").size());
}

}  // namespace connector::core::testing
