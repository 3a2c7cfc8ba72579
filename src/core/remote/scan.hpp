// What is to be read of a source: columns, a condition, an order and a limit, in terms that know no dialect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace connector::core {

enum class Operator : std::uint8_t { equal, less, less_or_equal, greater, greater_or_equal, logical_and };

/// A condition on rows, with SQL's three truth values, or an operand of one. A comparison has a column and a constant
/// as operands, in this order; logical_and has conditions, at least one.
struct Expression {
  enum class Kind : std::uint8_t { column, constant, operation };

  Kind kind = Kind::operation;
  std::size_t column = 0;  ///< index in SourceDescription::columns
  /// Constant: of the type that the column beside it is described as, in the form PostgreSQL prints it: ISO dates,
  /// timestamps with time zone in UTC with `+00`, floats with all their digits. Text is compared by its bytes in UTF-8.
  std::string value = {};
  Operator operation = Operator::logical_and;
  std::vector<Expression> operands = {};

  /// `column comparison value`
  static Expression comparison(std::size_t column, Operator comparison, std::string value) {
    return {
        .operation = comparison,
        .operands = {{.kind = Kind::column, .column = column}, {.kind = Kind::constant, .value = std::move(value)}}};
  }
  static Expression all_of(std::vector<Expression> conditions) {
    return {.operation = Operator::logical_and, .operands = std::move(conditions)};
  }
};

/// The columns that a condition is about.
std::vector<std::size_t> columns_of(const Expression& condition);

struct Scan {
  std::vector<std::size_t> columns{};  ///< those of the batch, in order: indexes in SourceDescription::columns
  std::optional<Expression> where{};   ///< one that Source::support() has a use for
  /// The most rows that are wanted: the first ones by `order_by`, which Source::orders_by() takes, else any.
  std::optional<std::int64_t> limit{};
  std::optional<std::size_t> order_by{};  ///< without a limit the rows come in any order
};

/// What a remote makes of a condition.
enum class Support : std::uint8_t {
  exact,      ///< it keeps the rows that PostgreSQL would keep
  narrowing,  ///< it keeps these, and maybe others: who must not have those looks at the rows again
  none,       ///< it can't be asked so
};

}  // namespace connector::core
