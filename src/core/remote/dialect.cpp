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

bool is_beyond_years(std::string_view value) noexcept {
  if (value == "infinity" || value == "-infinity") return true;
  const std::string_view year = value.substr(0, value.find('-'));
  if (value.ends_with(" BC")) return year != "0001";
  return year.size() > 4 && year != "10000";
}

namespace {

using Kind = Expression::Kind;

/// As all servers take them.
constexpr std::string_view always = "1 = 1";
constexpr std::string_view never = "1 = 0";

bool is_equality(Operator comparison) noexcept {
  return comparison == Operator::equal || comparison == Operator::not_distinct || comparison == Operator::in;
}

bool is_inequality(Operator comparison) noexcept {
  return comparison == Operator::not_equal || comparison == Operator::distinct || comparison == Operator::not_in;
}

bool is_range(Operator comparison) noexcept {
  return comparison == Operator::less || comparison == Operator::less_or_equal || comparison == Operator::greater ||
         comparison == Operator::greater_or_equal;
}

/// Statements are bounded: MySQL's by max_allowed_packet, which may be 1 MB and less ("Server System Variables"), and
/// SQL Server reports errors 8623 and 8632 for "many thousands of values" ("IN (Transact-SQL)").
constexpr std::size_t most_values = 5000;
constexpr std::size_t most_bytes = 200'000;

/// Of a list that is written with OR: servers have their trouble with deep and with complex conditions ("MSSQLSERVER
/// error 8632", 8623 and 8631).
constexpr std::size_t most_alternatives = 250;

/// Whether its constants would make the statement longer than some remote takes.
bool is_too_long(const Expression& condition) noexcept {
  std::size_t bytes = 0;
  for (const Expression& operand : condition.operands) bytes += operand.value.size();
  return condition.operands.size() > most_values + 1 || bytes > most_bytes;
}

/// Exact only where nothing that is compared there is NULL here.
Support at_most(Support support, const RemoteColumn& column) noexcept {
  return support == Support::exact && column.may_become_null ? Support::narrowing : support;
}

/// How near a comparison comes, where its constant can be written.
Support comparison_support(Operator comparison, const TypeRule& rule, const RemoteColumn& column) noexcept {
  // What is NULL here equals nothing, whatever it is there.
  if (is_equality(comparison)) return rule.equality;
  // The opposite of a condition that keeps too many would keep too few.
  if (is_inequality(comparison)) {
    return rule.equality == Support::exact ? at_most(Support::exact, column) : Support::none;
  }
  if (is_range(comparison)) return at_most(rule.range, column);
  if (comparison == Operator::like) return at_most(rule.pattern, column);
  return rule.pattern == Support::exact ? at_most(Support::exact, column) : Support::none;
}

}  // namespace

Support Dialect::support(const Expression& condition, const std::vector<RemoteColumn>& columns) const {
  return write(
             condition, [](std::size_t) { return std::string("c"); }, columns)
      .support;
}

bool Dialect::orders(const RemoteColumn& column) const {
  const TypeRule* rule = column.is_comparable ? rule_of(column) : nullptr;
  return rule != nullptr && rule->sorts;
}

bool Dialect::groups(const RemoteColumn& column) const {
  const TypeRule* rule = column.is_comparable && keeps_order(column) ? rule_of(column) : nullptr;
  if (rule == nullptr || rule->equality != Support::exact) return false;
  switch (column.type.kind) {
    case TypeKind::float4:  // 0 and -0
    case TypeKind::float8:
    case TypeKind::interval:  // a day and 24 hours
    case TypeKind::bpchar:    // blanks at the end
      return false;
    case TypeKind::numeric:
      return column.type.length > 0;
    default:
      return true;
  }
}

bool Dialect::has_extremes(const RemoteColumn& column) const {
  switch (column.type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return true;
    case TypeKind::numeric:
      return column.type.length > 0;
    default:
      return false;
  }
}

bool Dialect::aggregates(const Aggregate& aggregate, const std::vector<RemoteColumn>& columns) const {
  if (aggregate.function == AggregateFunction::count_rows) return true;
  const RemoteColumn& column = columns.at(aggregate.column);
  if (!column.is_comparable || column.may_become_null) return false;
  switch (aggregate.function) {
    case AggregateFunction::count:
      return counts(column);
    case AggregateFunction::count_distinct:
      return groups(column);
    case AggregateFunction::sum:
      return sums(column);
    default:
      return orders(column) && keeps_order(column) && has_extremes(column);
  }
}

std::string Dialect::aggregate_sql(AggregateFunction function, const std::string& column,
                                   const RemoteColumn& described) const {
  const std::string count(count_function());
  switch (function) {
    case AggregateFunction::count_rows:
      return count + "(*)";
    case AggregateFunction::count:
      return count + '(' + column + ')';
    case AggregateFunction::count_distinct:
      return count + "(DISTINCT " + group_key(column, described) + ')';
    case AggregateFunction::sum:
      return "SUM(" + column + ')';
    case AggregateFunction::minimum:
      return "MIN(" + column + ')';
    case AggregateFunction::maximum:
      return "MAX(" + column + ')';
  }
  return {};
}

bool Dialect::joins(const Join& join, const std::vector<RemoteColumn>& columns) const {
  return support(join.on, columns) == Support::exact;
}

bool Dialect::compares(const RemoteColumn& left, const RemoteColumn& right) const {
  const LogicalType &a = left.type, &b = right.type;
  const auto is_integer = [](TypeKind kind) {
    return kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8;
  };
  const auto is_float = [](TypeKind kind) { return kind == TypeKind::float4 || kind == TypeKind::float8; };
  if ((is_integer(a.kind) && is_integer(b.kind)) || (is_float(a.kind) && is_float(b.kind))) return true;
  if (is_text_kind(a.kind) && is_text_kind(b.kind)) {
    return (a.kind == TypeKind::bpchar) == (b.kind == TypeKind::bpchar);
  }
  if (a.kind != b.kind || a.name != b.name) return false;
  return a.kind != TypeKind::bit || a.length == b.length;
}

std::string Dialect::column_comparison(Operator comparison, const std::string& left, const RemoteColumn& left_described,
                                       const std::string& right, const RemoteColumn& right_described) const {
  return compared(left, left_described) + ' ' + std::string(operator_sql(comparison)) + ' ' +
         compared(right, right_described);
}

Dialect::Written Dialect::write_columns(Operator operation, const std::string& left, const RemoteColumn& left_described,
                                        const std::string& right, const RemoteColumn& right_described) const {
  const TypeRule* rule = rule_of(left_described);
  if (rule == nullptr || rule != rule_of(right_described)) return {};
  const Support needed = is_range(operation) ? rule->range : rule->equality;
  const bool is_known = is_equality(operation) || is_inequality(operation) || is_range(operation);
  if (!is_known || needed != Support::exact || !compares(left_described, right_described)) return {};
  // Values that are equal here may differ there: pairs would be missed.
  if (left_described.is_rounded || right_described.is_rounded) return {};
  Written written{.support = Support::exact};
  if (left_described.may_become_null || right_described.may_become_null) written.support = Support::narrowing;
  const auto compare = [&](Operator comparison) {
    return column_comparison(comparison, left, left_described, right, right_described);
  };
  if (operation != Operator::distinct && operation != Operator::not_distinct) {
    written.sql = compare(operation);
    return written;
  }
  // A value that is NULL only here is not so there.
  if (written.support != Support::exact) return {};
  const std::optional<std::string> left_is_null = null_test(Operator::is_null, left, left_described);
  const std::optional<std::string> right_is_null = null_test(Operator::is_null, right, right_described);
  const std::optional<std::string> left_is_not_null = null_test(Operator::is_not_null, left, left_described);
  const std::optional<std::string> right_is_not_null = null_test(Operator::is_not_null, right, right_described);
  if (!left_is_null || !right_is_null || !left_is_not_null || !right_is_not_null) return {};
  if (operation == Operator::not_distinct) {
    written.sql = '(' + compare(Operator::equal) + " OR (" + *left_is_null + " AND " + *right_is_null + "))";
  } else {
    written.sql = '(' + compare(Operator::not_equal) + " OR (" + *left_is_null + " AND " + *right_is_not_null +
                  ") OR (" + *left_is_not_null + " AND " + *right_is_null + "))";
  }
  return written;
}

Dialect::Written Dialect::write(const Expression& condition, const ColumnSql& column,
                                const std::vector<RemoteColumn>& columns) const {
  if (condition.is_logical()) return write_logical(condition, column, columns);
  const std::size_t index = condition.operands.at(0).column;
  const RemoteColumn& described = columns.at(index);
  if (!described.is_comparable || is_too_long(condition)) return {};
  const std::string sql = column(index);
  if (condition.operands.size() == 2 && condition.operands[1].kind == Kind::column) {
    const std::size_t other = condition.operands[1].column;
    if (!columns.at(other).is_comparable) return {};
    return write_columns(condition.operation, sql, described, column(other), columns[other]);
  }
  switch (condition.operation) {
    case Operator::is_null:
    case Operator::is_not_null:
      return write_null_test(condition.operation, sql, described);
    case Operator::in:
    case Operator::not_in:
      return write_list(condition, sql, described);
    default:
      return write_comparison(condition, sql, described);
  }
}

Dialect::Written Dialect::write_logical(const Expression& condition, const ColumnSql& column,
                                        const std::vector<RemoteColumn>& columns) const {
  const bool is_and = condition.operation == Operator::logical_and;
  Written all{.support = Support::exact};
  std::size_t parts = 0;
  for (const Expression& operand : condition.operands) {
    const Written part = write(operand, column, columns);
    if (part.support != Support::exact) all.support = Support::narrowing;
    if (part.support == Support::none) {
      if (!is_and) return {};
      continue;
    }
    ++parts;
    const bool needs_brackets = operand.is_logical() && operand.operation != condition.operation;
    add_item(all.sql, needs_brackets ? '(' + part.sql + ')' : part.sql, is_and ? " AND " : " OR ");
  }
  return parts == 0 ? Written{} : all;
}

Dialect::Written Dialect::write_list(const Expression& condition, const std::string& column,
                                     const RemoteColumn& described) const {
  const TypeRule* rule = rule_of(described);
  if (rule == nullptr) return {};
  const bool is_in = condition.operation == Operator::in;
  Written list{.support = comparison_support(condition.operation, *rule, described)};
  if (list.support == Support::none) return {};
  std::vector<std::string> values;
  std::string constants, alternatives;
  for (std::size_t i = 1; i < condition.operands.size(); ++i) {
    const Expression& value = condition.operands[i];
    if (value.is_null) {
      if (is_in) continue;
      return {Support::exact, std::string(never)};
    }
    if (value.kind == Kind::constant && !can_equal(described, value.value)) continue;
    const std::optional<std::string> one = comparison(Operator::equal, column, described, value);
    if (!one) return {};
    add_item(alternatives, *one, " OR ");
    if (const std::optional<std::string> written = operand(Operator::equal, described, value)) {
      add_item(constants, *written);
    }
    values.push_back(value.value);
  }
  const bool is_parameter = condition.operands.size() == 2 && condition.operands[1].kind == Kind::parameter;
  if (values.empty() && is_in) return {Support::exact, std::string(never)};
  if (values.empty() && condition.operands.size() == 1) return {Support::exact, std::string(always)};
  if (values.empty()) return write_null_test(Operator::is_not_null, column, described);
  if (has_lists(described)) {
    list.sql = this->list(is_in, column, described, constants);
    const std::string by_index = is_in && !is_parameter ? index_condition(column, described, values) : "";
    if (!by_index.empty()) list.sql = by_index + " AND " + list.sql;
  } else {
    if (values.size() > most_alternatives) return {};
    list.sql = values.size() > 1 ? '(' + alternatives + ')' : alternatives;
  }
  return list;
}

Dialect::Written Dialect::write_comparison(const Expression& condition, const std::string& column,
                                           const RemoteColumn& described) const {
  const Expression& value = condition.operands.at(1);
  Operator operation = condition.operation;
  if (value.is_null) {
    if (operation == Operator::distinct) return write_null_test(Operator::is_not_null, column, described);
    if (operation == Operator::not_distinct) return write_null_test(Operator::is_null, column, described);
    return {Support::exact, std::string(never)};
  }
  const TypeRule* rule = rule_of(described);
  if (rule == nullptr) return {};
  Written written{.support = comparison_support(operation, *rule, described)};
  if (written.support == Support::none) return {};
  const bool keeps_nulls = operation == Operator::distinct;
  const bool is_equal = is_equality(operation);
  if ((is_equal || is_inequality(operation)) && value.kind == Kind::constant && !can_equal(described, value.value)) {
    if (is_equal || keeps_nulls) return {Support::exact, std::string(is_equal ? never : always)};
    return write_null_test(Operator::is_not_null, column, described);
  }
  if (operation == Operator::not_distinct) operation = Operator::equal;
  if (operation == Operator::distinct) operation = Operator::not_equal;
  const bool is_pattern = operation == Operator::like || operation == Operator::not_like;
  const std::optional<std::string> sql =
      is_pattern ? pattern(operation, column, described, value) : comparison(operation, column, described, value);
  if (!sql) return {};
  written.sql = *sql;
  if (operation == Operator::equal && value.kind == Kind::constant) {
    const std::string by_index = index_condition(column, described, {value.value});
    if (!by_index.empty()) written.sql = by_index + " AND " + written.sql;
  }
  if (keeps_nulls) written.sql = '(' + written.sql + " OR " + column + " IS NULL)";
  return written;
}

std::string Dialect::parameter(std::size_t number) const {
  return '$' + std::to_string(number);
}

Dialect::Written Dialect::write_null_test(Operator is_null, const std::string& column,
                                          const RemoteColumn& described) const {
  // Values that are NULL only here would be missed.
  if (is_null == Operator::is_null && described.may_become_null) return {};
  const std::optional<std::string> sql = null_test(is_null, column, described);
  return sql ? Written{at_most(Support::exact, described), *sql} : Written{};
}

std::optional<std::string> Dialect::null_test(Operator is_null, const std::string& column,
                                              const RemoteColumn& /*described*/) const {
  return column + (is_null == Operator::is_null ? " IS NULL" : " IS NOT NULL");
}

std::optional<std::string> Dialect::operand(Operator comparison, const RemoteColumn& column,
                                            const Expression& value) const {
  if (value.kind == Kind::parameter) return parameter(value.parameter);
  return constant(comparison, column, value.value);
}

std::optional<std::string> Dialect::comparison(Operator comparison, const std::string& column,
                                               const RemoteColumn& described, const Expression& value) const {
  const std::optional<std::string> written = operand(comparison, described, value);
  if (!written) return std::nullopt;
  return compared(column, described) + ' ' + std::string(operator_sql(comparison)) + ' ' + *written;
}

std::string Dialect::list(bool is_in, const std::string& column, const RemoteColumn& described,
                          const std::string& constants) const {
  return compared(column, described) + (is_in ? " IN (" : " NOT IN (") + constants + ')';
}

/// What a grouped SELECT yields.
std::string Dialect::grouped_list(const Scan& scan, const Selection& selection,
                                  const std::vector<RemoteColumn>& columns) const {
  std::string list;
  for (const std::size_t index : scan.columns) {
    add_item(list, group_value(selection.column(index), columns.at(index)));
  }
  for (const Aggregate& aggregate : scan.aggregates) {
    const bool has_column = aggregate.function != AggregateFunction::count_rows;
    add_item(list, aggregate_sql(aggregate.function, has_column ? selection.column(aggregate.column) : "",
                                 has_column ? columns.at(aggregate.column) : RemoteColumn{}));
  }
  if (!selection.list.empty()) add_item(list, selection.list);
  return list;
}

std::string Dialect::select(const Scan& scan, const Selection& selection,
                            const std::vector<RemoteColumn>& columns) const {
  std::string sql = "SELECT " + (scan.is_grouped ? grouped_list(scan, selection, columns) : selection.list) + " FROM " +
                    selection.from;
  std::string conditions = selection.condition;
  for (std::size_t i = 0; i < scan.joins.size(); ++i) {
    const Join& join = scan.joins[i];
    const std::string& part = selection.joined.at(i);
    const std::string on = write(join.on, selection.column, columns).sql;
    if (join.kind == JoinKind::inner || join.kind == JoinKind::left) {
      sql += (join.kind == JoinKind::inner ? " INNER JOIN " : " LEFT JOIN ") + part + " ON " + on;
    } else {
      const std::string_view exists = join.kind == JoinKind::semi ? "EXISTS" : "NOT EXISTS";
      add_item(conditions, std::string(exists) + " (SELECT 1 FROM " + part + " WHERE " + on + ')', " AND ");
    }
  }
  if (!scan.part.empty()) add_item(conditions, '(' + scan.part + ')', " AND ");
  if (scan.where) {
    const Written where = write(*scan.where, selection.column, columns);
    const bool is_or = scan.where->is_logical() && scan.where->operation == Operator::logical_or;
    if (where.support != Support::none) {
      add_item(conditions, is_or && !conditions.empty() ? '(' + where.sql + ')' : where.sql, " AND ");
    }
  }
  if (!conditions.empty()) sql += " WHERE " + conditions;
  if (scan.is_grouped) {
    std::string keys;
    for (const std::size_t index : scan.columns) {
      add_item(keys, group_key(selection.column(index), columns.at(index)));
    }
    if (!keys.empty()) sql += " GROUP BY " + keys;
  }
  std::string order;
  for (const OrderBy& item : scan.order_by) {
    const RemoteColumn& described = columns.at(item.column);
    add_item(order, ordered(compared(selection.column(item.column), described), described, item));
  }
  if (!order.empty()) sql += " ORDER BY " + order;
  return scan.limit ? limited(std::move(sql), !order.empty(), *scan.limit, scan.offset) : sql;
}

std::string_view Dialect::operator_sql(Operator comparison) const {
  switch (comparison) {
    case Operator::equal:
      return "=";
    case Operator::not_equal:
      return "<>";
    case Operator::less:
      return "<";
    case Operator::less_or_equal:
      return "<=";
    case Operator::greater:
      return ">";
    case Operator::greater_or_equal:
      return ">=";
    default:
      return {};
  }
}

std::string Dialect::ordered(const std::string& column, const RemoteColumn& /*described*/, const OrderBy& order) const {
  std::string item = column;
  if (order.descending) item += " DESC";
  if (order.nulls != Nulls::wherever) item += order.nulls == Nulls::first ? " NULLS FIRST" : " NULLS LAST";
  return item;
}

std::string Dialect::limited(std::string statement, bool /*is_ordered*/, std::int64_t rows, std::int64_t offset) const {
  statement += " LIMIT " + std::to_string(rows);
  if (offset > 0) statement += " OFFSET " + std::to_string(offset);
  return statement;
}

}  // namespace connector::core
