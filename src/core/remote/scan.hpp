// What is to be read of a source: columns or groups and aggregates, joins, a condition, an order and a limit, in terms
// that know no dialect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace connector::core {

enum class Operator : std::uint8_t {
  // A column and one constant; but for LIKE also two columns.
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  distinct,      ///< IS DISTINCT FROM
  not_distinct,  ///< IS NOT DISTINCT FROM
  like,          ///< the constant is a pattern as PostgreSQL has them: %, _, and a backslash that escapes
  not_like,
  // A column and any number of constants, of which those that are NULL equal nothing.
  in,
  not_in,
  // A column alone.
  is_null,
  is_not_null,
  // Conditions, at least one.
  logical_and,
  logical_or
};

/// A condition on rows, or an operand of one. A condition keeps the rows for which it is true: false and unknown are
/// the same here, which is why there is no NOT. Whoever has one brings it down to the comparisons.
struct Expression {
  enum class Kind : std::uint8_t { column, constant, parameter, operation };

  Kind kind = Kind::operation;
  std::size_t column = 0;     ///< index in SourceDescription::columns
  std::size_t parameter = 0;  ///< from 1: a constant, or with `in` any number of them, that is not known yet
  /// Constant: of the type that the column beside it is described as, in the form PostgreSQL prints it: ISO dates,
  /// timestamps with time zone in UTC with `+00`, `true` and `false`, bytea as `\x` and hexadecimal digits. Beside an
  /// integer any integer of 64 bits; beside a float the double, with all its digits. Text is compared by its bytes in
  /// UTF-8.
  std::string value = {};
  bool is_null = false;  ///< the constant NULL
  Operator operation = Operator::logical_and;
  std::vector<Expression> operands = {};

  static Expression of_column(std::size_t column) { return {.kind = Kind::column, .column = column}; }
  static Expression constant(std::string value) { return {.kind = Kind::constant, .value = std::move(value)}; }
  static Expression null() { return {.kind = Kind::constant, .is_null = true}; }
  static Expression of_parameter(std::size_t number) { return {.kind = Kind::parameter, .parameter = number}; }
  /// `column comparison value`
  static Expression comparison(std::size_t column, Operator comparison, std::string value) {
    return {.operation = comparison, .operands = {of_column(column), constant(std::move(value))}};
  }
  static Expression all_of(std::vector<Expression> conditions) {
    return {.operation = Operator::logical_and, .operands = std::move(conditions)};
  }
  static Expression any_of(std::vector<Expression> conditions) {
    return {.operation = Operator::logical_or, .operands = std::move(conditions)};
  }

  /// Whether it is made of conditions.
  bool is_logical() const noexcept {
    return kind == Kind::operation && (operation == Operator::logical_and || operation == Operator::logical_or);
  }
};

/// The columns that a condition is about, one as often as it is in there.
std::vector<std::size_t> columns_of(const Expression& condition);

/// Where NULL stands in an order.
enum class Nulls : std::uint8_t {
  last,
  first,
  wherever  ///< the remote has them
};

struct OrderBy {
  std::size_t column = 0;  ///< index in SourceDescription::columns
  bool descending = false;
  Nulls nulls = Nulls::last;
};

enum class JoinKind : std::uint8_t {
  inner,
  left,
  semi,  ///< rows that have a partner: EXISTS
  anti   ///< rows that have none: NOT EXISTS
};

/// Whether no column of what is joined so is in the result.
constexpr bool is_semi_or_anti(JoinKind kind) noexcept {
  return kind == JoinKind::semi || kind == JoinKind::anti;
}

/// How the next part of a joined source stands beside the parts before it.
struct Join {
  JoinKind kind = JoinKind::inner;
  Expression on{};  ///< over columns of this part and of those before it
};

/// The alias that a part of a joined source, counted from 0, has in a statement: r0, r1, …
std::string part_alias(std::size_t part);

enum class AggregateFunction : std::uint8_t {
  count_rows,  ///< of no column
  count,       ///< of values that are not NULL
  count_distinct,
  sum,
  minimum,
  maximum
};

struct Aggregate {
  AggregateFunction function = AggregateFunction::count_rows;
  std::size_t column = 0;  ///< index in SourceDescription::columns

  bool operator==(const Aggregate&) const = default;
};

struct Scan {
  std::vector<std::size_t> columns{};  ///< those of the batch, in order: indexes in SourceDescription::columns
  /// Of a source that Connection::join() made: for each part but the first one. What semi and anti have joined has no
  /// columns anywhere but in their own `on`.
  std::vector<Join> joins{};
  /// One row for each combination of the values of `columns`, among which NULL is one value; if there are no columns,
  /// one row. The batch has the aggregates behind the columns. No order and no sample then.
  bool is_grouped = false;
  std::vector<Aggregate> aggregates{};
  /// One that Source::support() has a use for. Of a logical_and the remote gets the parts that it has a use for.
  std::optional<Expression> where{};
  std::string part{};                   ///< only these rows: one of what Source::divide() gave; empty = all
  std::vector<OrderBy> order_by{};      ///< by columns that Source::orders_by() takes; empty = any order
  std::optional<std::int64_t> limit{};  ///< the most rows that are wanted
  std::int64_t offset = 0;              ///< rows that are passed over first; with a limit only
  /// About this part of the rows, chosen at random (more than 0, at most 1); for a source that samples() only.
  std::optional<double> sample{};
};

/// The columns that the scan's conditions, order, groups and aggregates are about, one as often as it is in there; not
/// what is only read.
std::vector<std::size_t> columns_of(const Scan& scan);

/// What a remote makes of a condition.
enum class Support : std::uint8_t {
  exact,      ///< it keeps the rows that PostgreSQL would keep
  narrowing,  ///< it keeps these, and maybe others: who must not have those looks at the rows again
  none,       ///< it can't be asked so
};

}  // namespace connector::core
