#include "core/remote/dialect.hpp"

#include <algorithm>

#include "core/remote/source.hpp"
#include "core/base/list_text.hpp"

namespace connector::core {

std::string between_quotes(char open, std::string_view text, char close) {
  std::string quoted(1, open);
  for (const char c : text) {
    if (c == close) quoted += c;
    quoted += c;
  }
  return quoted += close;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

bool consists_of(std::string_view text, std::string_view characters) noexcept {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

bool is_like(std::string_view text, std::string_view pattern) noexcept {
  return std::ranges::equal(text, pattern,
                            [](char c, char wanted) { return wanted == '9' ? c >= '0' && c <= '9' : c == wanted; });
}

bool is_clock_time(std::string_view text) noexcept {
  if (is_like(text, "99:99") || is_like(text, "99:99:99")) return true;
  return text.size() > 9 && is_like(text.substr(0, 9), "99:99:99.") && consists_of(text.substr(9), "0123456789");
}

Support Dialect::support(const Expression& expression, const std::vector<RemoteColumn>& columns) const {
  if (expression.operation != Operator::logical_and) {
    const LogicalType& type = columns[expression.operands[0].column].type;
    const bool can_write = orders(type) && constant(expression.operation, type, expression.operands[1].value);
    return can_write ? comparison_support(expression.operation, type) : Support::none;
  }
  bool all_exact = true;
  bool any = false;
  for (const Expression& operand : expression.operands) {
    const Support part = support(operand, columns);
    all_exact = all_exact && part == Support::exact;
    any = any || part != Support::none;
  }
  if (!any) return Support::none;
  return all_exact ? Support::exact : Support::narrowing;
}

std::string Dialect::condition(const Expression& expression, const Selection& selection,
                               const std::vector<RemoteColumn>& columns) const {
  if (expression.operation != Operator::logical_and) {
    const std::size_t index = expression.operands[0].column;
    const LogicalType& type = columns[index].type;
    return *compared(selection.column(index), type) + ' ' + std::string(operator_sql(expression.operation)) + ' ' +
           *constant(expression.operation, type, expression.operands[1].value);
  }
  std::string sql;
  for (const Expression& operand : expression.operands) {
    if (support(operand, columns) == Support::none) continue;
    add_item(sql, condition(operand, selection, columns), " AND ");
  }
  return sql;
}

std::string Dialect::select(const Scan& scan, const Selection& selection,
                            const std::vector<RemoteColumn>& columns) const {
  std::string sql = "SELECT " + selection.list + " FROM " + selection.from;
  if (scan.where && support(*scan.where, columns) != Support::none) {
    sql += " WHERE " + condition(*scan.where, selection, columns);
  }
  if (!scan.limit) return sql;
  if (scan.order_by) sql += " ORDER BY " + *compared(selection.column(*scan.order_by), columns[*scan.order_by].type);
  return limited(std::move(sql), *scan.limit);
}

std::string_view Dialect::operator_sql(Operator comparison) const {
  switch (comparison) {
    case Operator::equal:
      return "=";
    case Operator::less:
      return "<";
    case Operator::less_or_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_or_equal:
      return ">=";
    case Operator::logical_and:
      break;
  }
  return "AND";
}

std::string Dialect::limited(std::string statement, std::int64_t rows) const {
  return std::move(statement) + " LIMIT " + std::to_string(rows);
}

}  // namespace connector::core
