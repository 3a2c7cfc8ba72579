// How dialects write conditions and orders, for tests.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"

namespace connector::core::testing {

/// The columns `c` of these types.
inline std::vector<RemoteColumn> columns_of_types(const std::vector<LogicalType>& types) {
  std::vector<RemoteColumn> columns;
  for (const LogicalType& type : types) {
    RemoteColumn& column = columns.emplace_back();
    column.name = "c";
    column.type = type;
  }
  return columns;
}

inline std::string statement(const Dialect& dialect, const Scan& scan, const std::vector<RemoteColumn>& columns) {
  return dialect.select(scan, {.list = "x", .from = "t", .column = [](std::size_t) { return "c"; }}, columns);
}

/// What stands behind WHERE, for a comparison of a column `c` of that type; nothing if the remote can't be asked so.
inline std::optional<std::string> comparison(const Dialect& dialect, const LogicalType& type, std::string value,
                                             Operator operation = Operator::greater_or_equal) {
  const std::vector<RemoteColumn> columns = columns_of_types({type});
  Scan scan{.columns = {0}, .where = Expression::comparison(0, operation, std::move(value))};
  if (dialect.support(*scan.where, columns) == Support::none) return std::nullopt;
  return statement(dialect, scan, columns).substr(std::string("SELECT x FROM t WHERE ").size());
}

/// What stands behind FROM, for the first two rows by a column `c` of that type; nothing if it has no order there.
inline std::optional<std::string> first_rows(const Dialect& dialect, const LogicalType& type) {
  const std::vector<RemoteColumn> columns = columns_of_types({type});
  if (!dialect.orders(columns[0])) return std::nullopt;
  const OrderBy order{.column = 0, .nulls = Nulls::wherever};
  return statement(dialect, {.columns = {0}, .order_by = {order}, .limit = 2}, columns)
      .substr(std::string("SELECT x FROM t").size());
}

/// A dialect's table as docs/foreign-tables.md has it.
inline std::string markdown(std::span<const TypeRule> rules) {
  const auto word = [](Support support) -> std::string_view {
    return support == Support::exact ? "exact" : support == Support::narrowing ? "narrowing" : "local";
  };
  std::string table = "| types | `=` | `<` | `LIKE` | `ORDER BY` | remark |\n|---|---|---|---|---|---|\n";
  for (const TypeRule& rule : rules) {
    for (const std::string_view cell : {rule.types, word(rule.equality), word(rule.range), word(rule.pattern),
                                        std::string_view(rule.sorts ? "exact" : "local"), rule.remark}) {
      table.append("| ").append(cell).append(cell.empty() ? "" : " ");
    }
    table += "|\n";
  }
  return table;
}

/// The table that docs/foreign-tables.md has for the provider; empty if there is none. Tests run in the repository's
/// folder.
inline std::string documented_rules(std::string_view provider) {
  std::ifstream file("docs/foreign-tables.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::string begin = "<!-- rules: " + std::string(provider) + " -->\n";
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) return {};
  const std::size_t from = at + begin.size();
  return text.substr(from, text.find("<!-- end of rules -->", from) - from);
}

}  // namespace connector::core::testing
