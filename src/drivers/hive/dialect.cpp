#include "drivers/hive/dialect.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "core/base/letter_case.hpp"
#include "core/remote/source.hpp"
#include "drivers/hive/constants.hpp"

namespace connector::hive {

namespace {

/// Behind a comment that begins at `at`, or `at` if none does. The line of `-- …` may be the last one.
std::size_t behind_comment(std::string_view sql, std::size_t at) noexcept {
  const std::string_view two = sql.substr(at, 2);
  if (two != "--" && two != "/*") return at;
  const std::string_view end = two == "--" ? "\n" : "*/";
  const std::size_t found = sql.find(end, at + 2);
  return found == std::string_view::npos ? sql.size() : found + end.size();
}

/// Behind quoted text that begins at `at`. Backslashes escape, except in names.
std::size_t behind_quotes(std::string_view sql, std::size_t at) noexcept {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] == quote) return at + 1;
    if (quote != '`' && sql[at] == '\\') ++at;
  }
  return sql.size();
}

bool is_of_word(char c) noexcept {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<signed char>(c) < 0;
}

/// True if there are only blanks and comments from `at` on.
bool is_blank_from(std::string_view sql, std::size_t at) noexcept {
  while (at < sql.size()) {
    const std::size_t behind = behind_comment(sql, at);
    if (behind == at && std::string_view(" \t\r\n\f").find(sql[at]) == std::string_view::npos) return false;
    at = std::max(behind, at + 1);
  }
  return true;
}

}  // namespace

std::string_view without_terminator(std::string_view sql) noexcept {
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t behind = behind_comment(sql, at);
    if (behind > at) {
      at = behind;
    } else if (sql[at] == '\'' || sql[at] == '"' || sql[at] == '`') {
      at = behind_quotes(sql, at);
    } else if (sql[at] == ';' && is_blank_from(sql, at + 1)) {
      return sql.substr(0, at);
    } else {
      ++at;
    }
  }
  return sql;
}

bool may_order_rows(std::string_view sql) noexcept {
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t behind = behind_comment(sql, at);
    if (behind > at) {
      at = behind;
    } else if (sql[at] == '\'' || sql[at] == '"' || sql[at] == '`') {
      at = behind_quotes(sql, at);
    } else if (is_of_word(sql[at])) {
      const std::size_t begin = at;
      while (at < sql.size() && is_of_word(sql[at])) ++at;
      const std::string_view word = sql.substr(begin, at - begin);
      const auto is_it = [&](std::string_view other) { return core::same_but_for_case(word, other); };
      if (is_it("order") || is_it("sort") || is_it("cluster")) return true;
    } else {
      ++at;
    }
  }
  return false;
}

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('`', name, '`');
}

std::string quote_table(std::string_view schema, std::string_view table) {
  return schema.empty() ? quote_identifier(table) : quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string widest_decimal(std::int32_t scale) {
  return "decimal(" + std::to_string(most_decimal_digits) + ',' + std::to_string(scale) + ')';
}

std::string escape_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '_' || c == '%' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

namespace {

using core::Expression;
using core::Operator;
using core::RemoteColumn;
using core::Support;
using core::TypeKind;

enum class Rule : std::uint8_t { number, text, short_text, padded_text, boolean, timestamp, binary, floating };

/// In the order of Rule.
constexpr core::TypeRule type_rules[] = {
    {.types = "tinyint, smallint, int, bigint, decimal, date",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
    {.types = "string",
     .equality = Support::exact,
     .range = Support::exact,
     .pattern = Support::exact,
     .sorts = true,
     .remark = "constants with characters from U+E000 on, as emoji, are not sent: readers of ORC files miss rows by "
               "them; `IS NOT NULL` is local, as a partition without a value shows a text; patterns in which a "
               "backslash stands for itself are local"},
    {.types = "varchar",
     .equality = Support::exact,
     .range = Support::exact,
     .pattern = Support::exact,
     .sorts = true,
     .remark = "as string; what begins with `_` is local, and a pattern that begins with `%`"},
    {.types = "char",
     .equality = Support::narrowing,
     .remark = "blanks at its end do not count; constants and `IS NOT NULL` as for varchar"},
    {.types = "boolean",
     .equality = Support::narrowing,
     .remark = "a partition without a value shows true; `IS NOT NULL` is local"},
    {.types = "timestamp",
     .equality = Support::narrowing,
     .range = Support::narrowing,
     .remark = "some hours more are asked for, as Hive has nanoseconds, ORC milliseconds, and Spark moments of a time "
               "zone; constants before 1583 are not sent"},
    {.types = "binary", .equality = Support::exact, .range = Support::exact, .sorts = true},
    {.types = "float, double", .remark = "readers of ORC files miss rows beside NaN and -0"},
};

/// The pattern in the server's words. Nothing if a backslash stands for itself, which Hive and Spark write otherwise,
/// or the pattern is none for PostgreSQL.
std::optional<std::string> like_pattern(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '\\') continue;
    if (++at == pattern.size() || pattern[at] == '\\') return std::nullopt;
  }
  std::string written;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    // Only these are escaped there.
    if (pattern[at] == '\\' && pattern[at + 1] != '%' && pattern[at + 1] != '_') continue;
    written += pattern[at];
    if (pattern[at] == '\\') written += pattern[++at];
  }
  return written;
}

class HiveDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

 protected:
  const core::TypeRule* rule_of(const RemoteColumn& column) const override {
    const std::optional<Rule> rule = rule_for(column);
    return rule ? &type_rules[static_cast<std::size_t>(*rule)] : nullptr;
  }

  std::optional<std::string> constant(Operator comparison, const RemoteColumn& column,
                                      std::string_view value) const override {
    const bool is_equality = comparison == Operator::equal || comparison == Operator::not_equal;
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
        // The suffix L alone makes the lowest value of all no literal.
        if (!core::consists_of(value, "-0123456789")) return std::nullopt;
        return "CAST('" + std::string(value) + "' AS BIGINT)";
      case TypeKind::numeric:
        return decimal_constant(column.type, value, is_equality);
      case TypeKind::date:
        return date_constant(value);
      case TypeKind::text:
        return text_constant(value);
      case TypeKind::varchar:
        return may_be_default_partition(value) ? std::nullopt : text_constant(value);
      case TypeKind::bpchar:
        value = value.substr(0, value.find_last_not_of(' ') + 1);
        return may_be_default_partition(value) ? std::nullopt : text_constant(value);
      case TypeKind::boolean:
        if (value != "true" && value != "false") return std::nullopt;
        return std::string(value);
      case TypeKind::bytea:
        return binary_constant(value);
      default:
        return std::nullopt;
    }
  }

  /// Nor NaN.
  bool can_equal(const RemoteColumn& column, std::string_view value) const override {
    return column.type.kind != TypeKind::numeric || column.type.length < 1 ||
           decimal_constant(column.type, value, true).has_value();
  }

  std::optional<std::string> comparison(Operator comparison, const std::string& column, const RemoteColumn& described,
                                        const Expression& value) const override {
    const bool is_constant = value.kind == Expression::Kind::constant;
    if (is_constant && described.type.kind == TypeKind::timestamp) {
      return in_window(comparison, column, value.value);
    }
    std::optional<std::string> sql = Dialect::comparison(comparison, column, described, value);
    // A partition without a value is NULL when partitions are chosen, and true when it is read.
    if (sql && described.type.kind == TypeKind::boolean) *sql = '(' + *sql + " OR " + column + " IS NULL)";
    return sql;
  }

  std::optional<std::string> pattern(Operator like, const std::string& column, const RemoteColumn& described,
                                     const Expression& pattern) const override {
    const std::string sql = column + (like == Operator::like ? " LIKE " : " NOT LIKE ");
    if (pattern.kind == Expression::Kind::parameter) return sql + *operand(like, described, pattern);
    const std::optional<std::string> written = like_pattern(pattern.value);
    if (!written) return std::nullopt;
    const bool begins_anyhow = written->starts_with('%') || written->starts_with("\\_");
    if (described.type.kind == TypeKind::varchar && (begins_anyhow || may_be_default_partition(*written))) {
      return std::nullopt;
    }
    const std::optional<std::string> text = text_constant(*written);
    return text ? std::optional(sql + *text) : std::nullopt;
  }

  std::optional<std::string> null_test(Operator is_null, const std::string& column,
                                       const RemoteColumn& described) const override {
    const TypeKind kind = described.type.kind;
    // A partition without a value is NULL when partitions are chosen, and __HIVE_DEFAULT_PARTITION__ or true when it is
    // read.
    if (is_null == Operator::is_not_null && (core::is_text_kind(kind) || kind == TypeKind::boolean)) {
      return std::nullopt;
    }
    return Dialect::null_test(is_null, column, described);
  }

  /// Only what is exact in all formats of files.
  bool groups(const RemoteColumn& column) const override { return is_certain(column) && Dialect::groups(column); }

  /// A comparison of decimals is done in a type that has the digits of both, if there is one ("Hive Data Types",
  /// Decimals: otherwise digits behind the point are lost).
  bool compares(const RemoteColumn& left, const RemoteColumn& right) const override {
    if (!is_certain(left) || !is_certain(right) || !Dialect::compares(left, right)) return false;
    const TypeKind kind = left.type.kind;
    if (kind == TypeKind::text) return left.collation == binary_collation && right.collation == binary_collation;
    return kind != TypeKind::numeric || core::have_common_decimal(left.type, right.type, most_decimal_digits);
  }

  /// An expression is not looked for in the statistics of ORC files, whose readers miss rows by texts, as values of the
  /// other side may be ("hive.tez.dynamic.semijoin.reduction").
  std::string column_comparison(Operator comparison, const std::string& left, const RemoteColumn& left_described,
                                const std::string& right, const RemoteColumn& right_described) const override {
    if (left_described.type.kind != TypeKind::text) {
      return Dialect::column_comparison(comparison, left, left_described, right, right_described);
    }
    return "concat(" + left + ", '') " + std::string(operator_sql(comparison)) + " concat(" + right + ", '')";
  }

  /// 10,000,000,000 rows do not overflow, which would be NULL.
  bool sums(const RemoteColumn& column) const override {
    constexpr std::int32_t digits_of_rows = 10;
    if (column.type.kind != TypeKind::numeric)
      return rule_for(column) == Rule::number && column.type.kind != TypeKind::date;
    return column.type.length > 0 && column.type.length + digits_of_rows <= most_decimal_digits;
  }

  std::string aggregate_sql(core::AggregateFunction function, const std::string& column,
                            const RemoteColumn& described) const override {
    if (function != core::AggregateFunction::sum) return Dialect::aggregate_sql(function, column, described);
    const std::int32_t scale = described.type.kind == TypeKind::numeric ? described.type.scale : 0;
    return "SUM(CAST(" + column + " AS " + widest_decimal(scale) + "))";
  }

  /// There is no form of OFFSET that old and new servers take: the cursor passes over these rows.
  std::string limited(std::string statement, bool /*is_ordered*/, std::int64_t rows,
                      std::int64_t offset) const override {
    // Servers have an int there.
    constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
    if (offset > most || rows > most - offset) return statement;
    return statement + " LIMIT " + std::to_string(rows + offset);
  }

 private:
  /// Numbers, dates and strings.
  static bool is_certain(const RemoteColumn& column) {
    const std::optional<Rule> rule = rule_for(column);
    return rule == Rule::number || rule == Rule::text;
  }

  static std::optional<Rule> rule_for(const RemoteColumn& column) {
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
      case TypeKind::numeric:
      case TypeKind::date:
        return Rule::number;
      case TypeKind::text:
        // Others are arrays, or have no name here.
        return column.remote_type == "string" ? std::optional(Rule::text) : std::nullopt;
      case TypeKind::varchar:
        return Rule::short_text;
      case TypeKind::bpchar:
        return Rule::padded_text;
      case TypeKind::boolean:
        return Rule::boolean;
      case TypeKind::timestamp:
        return Rule::timestamp;
      case TypeKind::bytea:
        return Rule::binary;
      case TypeKind::float4:
      case TypeKind::float8:
        return Rule::floating;
      default:
        return std::nullopt;
    }
  }

  static std::optional<std::string> in_window(Operator comparison, const std::string& column, std::string_view value) {
    const std::optional<TimestampWindow> window = timestamp_window(value);
    if (!window) return std::nullopt;
    const std::string from = column + " >= " + window->first, before = column + " < " + window->behind;
    switch (comparison) {
      case Operator::equal:
        return from + " AND " + before;
      case Operator::greater:
      case Operator::greater_or_equal:
        return from;
      default:
        return before;
    }
  }
};

}  // namespace

const core::Dialect& dialect() noexcept {
  static const HiveDialect instance;
  return instance;
}

}  // namespace connector::hive
