// How the SQL of a remote is written: one class for each driver, and nothing of it anywhere else.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/key_ranges.hpp"
#include "core/remote/scan.hpp"

namespace connector::core {

struct RemoteColumn;

/// `text` between two characters, with `close` doubled inside.
std::string between_quotes(char open, std::string_view text, char close);

/// The bytes as hexadecimal digits, in lower case.
std::string hexadecimal(std::string_view bytes);

/// Whether the text is not empty and has no other characters than these.
bool consists_of(std::string_view text, std::string_view characters) noexcept;

/// Whether the text is like the pattern, in which 9 stands for a digit.
bool is_like(std::string_view text, std::string_view pattern) noexcept;

/// 10:20, 10:20:30 or 10:20:30.4
bool is_clock_time(std::string_view text) noexcept;

/// Whether a date or a moment, as PostgreSQL writes it, is infinity, or in a year before 1 BC or behind 10000: what
/// servers with years of up to four digits don't have, in whichever time zone and however it is rounded.
bool is_beyond_years(std::string_view value) noexcept;

/// What a remote makes of conditions on columns of some types. A dialect has a table of these, which is its
/// documentation, too (docs/foreign-tables.md).
struct TypeRule {
  std::string_view types;            ///< in the remote's words: "int, bigint"
  Support equality = Support::none;  ///< = and IN; if exact, also <>, NOT IN and IS DISTINCT FROM
  Support range = Support::none;     ///< <, <=, >, >=
  Support pattern = Support::none;   ///< LIKE; if exact, also NOT LIKE
  bool sorts = false;                ///< it orders the values as PostgreSQL does, text by its bytes in UTF-8
  std::string_view remark = {};      ///< why, and where the fact is from
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  /// The table. Columns of other types have no conditions but IS NULL and IS NOT NULL, and no order.
  virtual std::span<const TypeRule> rules() const noexcept = 0;

  /// What the remote makes of the condition on columns that are described so. A parameter stands for a constant that
  /// can be written; whether that is so is asked again with the constant.
  Support support(const Expression& condition, const std::vector<RemoteColumn>& columns) const;
  /// Whether it orders values of the column as PostgreSQL does, text by its bytes in UTF-8.
  bool orders(const RemoteColumn& column) const;
  /// Source::groups_by(): exact equality, and no values that are equal and yet differ, as 0 and -0, or 1.0 and 1.00.
  virtual bool groups(const RemoteColumn& column) const;
  /// Whether it can compute the aggregate as PostgreSQL does.
  bool aggregates(const Aggregate& aggregate, const std::vector<RemoteColumn>& columns) const;
  /// Source::joins(): the condition must be exact.
  virtual bool joins(const Join& join, const std::vector<RemoteColumn>& columns) const;

  /// What is selected, and from where, in the dialect's words.
  struct Selection {
    /// Behind SELECT. Of a grouped scan: what is read behind its columns and aggregates, in aggregates as well; may be
    /// empty.
    std::string list;
    std::string from;                                  ///< behind FROM; of a joined source the first part
    std::function<std::string(std::size_t)> column{};  ///< the SQL of a column, by its index
    std::string condition{};                           ///< one more, beside that of the scan
    std::vector<std::string> joined{};  ///< what stands behind JOIN for each of Scan::joins: a table and its alias
  };
  /// The statement that reads the scan: all of it but the parts of the condition that the remote has no use for, and
  /// the sample, which Selection has. Parameters are written as $1.
  std::string select(const Scan& scan, const Selection& selection, const std::vector<RemoteColumn>& columns) const;

  /// The number of the range that a row lies in, by a column (its SQL): RangeRequest::bounds tells what the ranges are.
  /// 0 to bounds.size(), and bounds.size() + 1 where the column is NULL. Nothing if a bound can't be written. A row
  /// costs the server about log2(bounds.size()) comparisons.
  std::optional<std::string> range_number(const std::string& column, const RemoteColumn& described,
                                          std::span<const std::string> bounds) const;

  /// That the key, a column (its SQL), lies in the range. Nothing if a bound can't be written.
  std::optional<std::string> key_range(const std::string& column, const RemoteColumn& described,
                                       const KeyRange& range) const;
  /// The parts (Scan::part) that divide_key() makes of a table: one for each range, and one for the rows whose key is
  /// NULL if the column is not NOT NULL. Empty if a bound can't be written.
  std::vector<std::string> key_parts(const std::string& column, const RemoteColumn& described,
                                     std::span<const KeyRange> ranges) const;

 protected:
  /// The column's row of rules(); null if it has none.
  virtual const TypeRule* rule_of(const RemoteColumn& column) const = 0;
  /// Whether values of two columns that have the same row of rules() are compared as PostgreSQL compares them.
  virtual bool compares(const RemoteColumn& left, const RemoteColumn& right) const;
  /// `left comparison right`, of columns for which compares() is true; a comparison of =, <>, <, <=, >, >=.
  virtual std::string column_comparison(Operator comparison, const std::string& left,
                                        const RemoteColumn& left_described, const std::string& right,
                                        const RemoteColumn& right_described) const;
  /// What stands in GROUP BY for a column (its SQL), and in the list of a grouped SELECT for its value.
  virtual std::string group_key(const std::string& column, const RemoteColumn& described) const {
    return compared(column, described);
  }
  virtual std::string group_value(const std::string& column, const RemoteColumn& /*described*/) const { return column; }
  /// Whether count() of a column counts the values that are not NULL here.
  virtual bool counts(const RemoteColumn& column) const {
    return null_test(Operator::is_not_null, "c", column).has_value();
  }
  /// What counts, without its brackets: an integer of 64 bits.
  virtual std::string_view count_function() const { return "COUNT"; }
  /// Whether sum() loses nothing and can't overflow where PostgreSQL's does not; see aggregate_sql().
  virtual bool sums(const RemoteColumn& /*column*/) const { return false; }
  /// Whether the least and the greatest value of a column that orders() can be asked for.
  virtual bool has_extremes(const RemoteColumn& column) const;
  /// An aggregate of a column (its SQL; empty for count_rows). A sum is in a type wide enough.
  virtual std::string aggregate_sql(AggregateFunction function, const std::string& column,
                                    const RemoteColumn& described) const;
  /// What a column (its SQL) is compared and ordered as, so that it is as in PostgreSQL.
  virtual std::string compared(const std::string& column, const RemoteColumn& /*described*/) const { return column; }
  /// The constant that is compared with that. Nothing if the remote has no such value, or would compare otherwise.
  virtual std::optional<std::string> constant(Operator comparison, const RemoteColumn& column,
                                              std::string_view value) const = 0;
  /// Whether a list in IN is as = with each of its values. Else it is written as alternatives, with OR.
  virtual bool has_lists(const RemoteColumn& column) const { return rule_of(column)->equality == Support::exact; }
  /// Whether a value of the column there may equal the constant. One that none equals (300 beside a tinyint, a tenth of
  /// a second beside whole ones) is not sent for equality: servers round or cut it to a value that the column has.
  virtual bool can_equal(const RemoteColumn& /*column*/, std::string_view /*value*/) const { return true; }
  /// `column comparison value`; not for IN. Nothing as for constant().
  virtual std::optional<std::string> comparison(Operator comparison, const std::string& column,
                                                const RemoteColumn& described, const Expression& value) const;
  /// `column IN (constants)`, or NOT IN, where equality is exact; several constants have commas between them.
  virtual std::string list(bool is_in, const std::string& column, const RemoteColumn& described,
                           const std::string& constants) const;
  /// `column LIKE pattern`, or NOT LIKE. Nothing if it can't be asked so.
  virtual std::optional<std::string> pattern(Operator /*like*/, const std::string& /*column*/,
                                             const RemoteColumn& /*described*/, const Expression& /*pattern*/) const {
    return std::nullopt;
  }
  /// `column IS NULL`, or IS NOT NULL. Nothing if the remote may say otherwise of a value than PostgreSQL.
  virtual std::optional<std::string> null_test(Operator is_null, const std::string& column,
                                               const RemoteColumn& described) const;
  /// A condition that all rows with one of these values meet, and that an index serves where the comparison has none;
  /// stands beside it. Empty = there is none.
  virtual std::string index_condition(const std::string& /*column*/, const RemoteColumn& /*described*/,
                                      const std::vector<std::string>& /*values*/) const {
    return {};
  }
  /// How a parameter is written.
  virtual std::string parameter(std::size_t number) const;
  /// `=`, `<`, …
  virtual std::string_view operator_sql(Operator comparison) const;
  /// An item of ORDER BY; `column` as compared() has it.
  virtual std::string ordered(const std::string& column, const RemoteColumn& described, const OrderBy& order) const;
  /// `statement`, which begins with SELECT and has an ORDER BY at its end if `is_ordered`, so that it passes over
  /// `offset` rows and gives no more than `rows`.
  virtual std::string limited(std::string statement, bool is_ordered, std::int64_t rows, std::int64_t offset) const;

  /// The constant or parameter beside a column.
  std::optional<std::string> operand(Operator comparison, const RemoteColumn& column, const Expression& value) const;

 private:
  /// A condition and what the remote makes of it; without SQL where it can't be asked.
  struct Written {
    Support support = Support::none;
    std::string sql{};
  };
  using ColumnSql = std::function<std::string(std::size_t)>;
  Written write(const Expression& condition, const ColumnSql& column, const std::vector<RemoteColumn>& columns) const;
  Written write_logical(const Expression& condition, const ColumnSql& column,
                        const std::vector<RemoteColumn>& columns) const;
  Written write_list(const Expression& condition, const std::string& column, const RemoteColumn& described) const;
  Written write_comparison(const Expression& condition, const std::string& column, const RemoteColumn& described) const;
  Written write_null_test(Operator is_null, const std::string& column, const RemoteColumn& described) const;
  Written write_columns(Operator comparison, const std::string& left, const RemoteColumn& left_described,
                        const std::string& right, const RemoteColumn& right_described) const;
  std::string grouped_list(const Scan& scan, const Selection& selection,
                           const std::vector<RemoteColumn>& columns) const;
};

}  // namespace connector::core
