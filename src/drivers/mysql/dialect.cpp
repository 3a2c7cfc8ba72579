#include "drivers/mysql/dialect.hpp"

#include <algorithm>
#include <optional>

#include "core/base/list_text.hpp"
#include "core/remote/source.hpp"
#include "drivers/mysql/constants.hpp"
#include "drivers/mysql/sort_key.hpp"

namespace connector::mysql {

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('`', name, '`');
}

std::string quote_table(std::string_view schema, std::string_view table) {
  return quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\0') {
      quoted += "\\0";
      continue;
    }
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '\'';
}

namespace {

using core::Support;

/// In the order of Comparison, without the first one.
constexpr core::TypeRule type_rules[] = {
    {.types = "char, varchar, text, enum, set",
     .equality = Support::exact,
     .range = Support::exact,
     .pattern = Support::exact,
     .sorts = true,
     .remark =
         "compared as bytes of utf8mb4; beside `=` stands a condition that an index serves, but not for enum and "
         "set, nor for letters beyond ASCII in other columns than those of utf8mb4; what may be longer than 4096 bytes "
         "is put in order here"},
    {.types = "tinyint, smallint, mediumint, int, bigint",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
    {.types = "year",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "constants that are no year (5 would be 2005) are not sent"},
    {.types = "decimal", .equality = Support::exact, .range = Support::exact, .sorts = true},
    {.types = "float, double",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "a float is compared as the double that it is, there as here; with a number of decimals, as "
               "float(10,2), it is "
               "local"},
    {.types = "bit", .equality = Support::exact, .range = Support::exact, .sorts = true},
    {.types = "date, datetime, timestamp",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "only `=` is exact where zero dates become NULL, which is usual"},
    {.types = "time", .equality = Support::exact, .range = Support::exact, .sorts = true},
    {.types = "binary, varbinary, blob",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "what may be longer than 4096 bytes is put in order here"},
    {.types = "uuid",
     .equality = Support::narrowing,
     .remark =
         "MariaDB orders it by groups of bytes, and knows no uuid of some versions: beside such a one nothing is true"},
};

/// The same in all character sets of these servers, and nothing else becomes one of them on the way to utf8mb4. (Of
/// other signs of ASCII there are two in armscii8, and swe7 has letters in their places.)
constexpr std::string_view plain_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _";

bool is_plain(std::string_view text) {
  return text.find_first_not_of(plain_characters) == std::string_view::npos;
}

/// Whether all of it is ASCII, without what characters become that have no place in Unicode.
bool is_certain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) >= 0 && c != '?'; });
}

/// Those in which the characters of ASCII are bytes of ASCII, and each byte of ASCII such a character.
bool extends_ascii(std::string_view charset) {
  constexpr std::string_view known[] = {"ascii", "latin1", "latin2", "cp1250", "cp1251", "utf8", "utf8mb3"};
  return std::ranges::find(known, charset) != std::end(known);
}

/// What stands before and behind the literals of some texts that are compared with the column itself, so that an index
/// serves and all rows that have one of them are found.
struct Frame {
  std::string charset;
  std::string collation;
};

/// The collation is written where the comparison depends on it: if it is no more the column's, the server converts the
/// column, or reports an error. Nothing if the column can't be asked so.
std::optional<Frame> frame_of(const core::RemoteColumn& column, const std::vector<std::string>& texts) {
  const std::string& collation = column.collation;
  if (is_choice(column.remote_type)) return std::nullopt;
  if (std::ranges::all_of(texts, is_plain)) return Frame{};
  const std::string charset = collation.substr(0, collation.find('_'));
  const bool is_sure = charset == "utf8mb4" || (extends_ascii(charset) && std::ranges::all_of(texts, is_certain));
  if (!is_sure) return std::nullopt;
  return Frame{.charset = '_' + charset, .collation = " COLLATE " + collation};
}

/// Those whose texts become others in utf8mb4 each: none becomes a question mark, as what has no place in Unicode does.
/// (latin1 is Windows-1252 there, with control characters in its gaps.)
bool keeps_characters(std::string_view charset) {
  constexpr std::string_view known[] = {"utf8mb4", "utf8mb3", "utf8", "latin1"};
  return std::ranges::find(known, charset) != std::end(known);
}

std::string_view charset_of(std::string_view collation) {
  return collation.substr(0, collation.find('_'));
}

/// What stands beside a comparison of two texts by their bytes, so that an index of either serves: each column as its
/// own collation compares it. Empty if that could miss a pair, or the server might refuse it.
std::string pair_condition(const std::string& left, const core::RemoteColumn& left_described, const std::string& right,
                           const core::RemoteColumn& right_described) {
  const std::string& collation = left_described.collation;
  const std::string& other = right_described.collation;
  if (is_choice(left_described.remote_type) || is_choice(right_described.remote_type)) return {};
  if (charset_of(collation) != charset_of(other) || !keeps_characters(charset_of(collation))) return {};
  if (collation == other) return left + " = " + right + " AND ";
  return left + " = " + right + " COLLATE " + collation + " AND " + right + " = " + left + " COLLATE " + other +
         " AND ";
}

/// MySQL's decimals have no more digits, and a sum has so many more than what it is of, at the least ("Precision Math":
/// tried on MariaDB 10.11, MySQL 5.6 and 9.7). Where it would have more it is cut to the largest number.
constexpr std::int32_t most_digits = 65;
constexpr std::int32_t digits_of_rows = 22;

/// Of the integers of all types, without a sign.
constexpr std::int32_t integer_digits = 20;

/// Whether an index finds all texts with a prefix that is plain: one in utf8mb4_bin misses those with a tabulator
/// behind it, and one of which nothing is known might.
bool finds_prefixes(std::string_view collation) {
  return collation.starts_with("utf8mb4_") && !collation.ends_with("_bin");
}

/// What stands before the first sign of a pattern that is not for itself.
std::string fixed_prefix(std::string_view pattern) {
  return std::string(pattern.substr(0, pattern.find_first_of("%_\\")));
}

/// PostgreSQL reports an error then.
bool ends_in_escape(std::string_view pattern) {
  const std::size_t last = pattern.find_last_not_of('\\');
  const std::size_t backslashes = pattern.size() - (last == std::string_view::npos ? 0 : last + 1);
  return backslashes % 2 == 1;
}

constexpr std::string_view escape = " ESCAPE '\\\\'";

class MysqlDialect : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

  bool groups(const core::RemoteColumn& column) const override {
    return core::Dialect::groups(column) && sorts_whole(column);
  }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    const Comparison comparison = comparison_of(column);
    return comparison == Comparison::none ? nullptr : &type_rules[static_cast<std::size_t>(comparison) - 1];
  }

  /// A text of any character set, by its bytes in UTF-8.
  std::string compared(const std::string& column, const core::RemoteColumn& described) const override {
    if (comparison_of(described) != Comparison::text) return column;
    return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
  }

  bool compares(const core::RemoteColumn& left, const core::RemoteColumn& right) const override {
    // A bigint unsigned is a numeric here.
    const bool are_integers = comparison_of(left) == Comparison::integer && comparison_of(right) == Comparison::integer;
    return are_integers || core::Dialect::compares(left, right);
  }

  std::string column_comparison(core::Operator comparison, const std::string& left,
                                const core::RemoteColumn& left_described, const std::string& right,
                                const core::RemoteColumn& right_described) const override {
    const bool has_index = comparison == core::Operator::equal && comparison_of(left_described) == Comparison::text;
    return (has_index ? pair_condition(left, left_described, right, right_described) : "") +
           core::Dialect::column_comparison(comparison, left, left_described, right, right_described);
  }

  /// To IS NULL the zero date of a column that is NOT NULL is NULL ("Comparison Functions and Operators"), to this it
  /// is not (tried on MariaDB 10.11, MySQL 5.6 and 9.7).
  std::optional<std::string> null_test(core::Operator is_null, const std::string& column,
                                       const core::RemoteColumn& described) const override {
    const bool may_be_zero = is_null == core::Operator::is_null && comparison_of(described) == Comparison::date;
    return may_be_zero ? column + " <=> NULL" : core::Dialect::null_test(is_null, column, described);
  }

  /// Bits as the number that they are: as such they arrive in one form, whatever way the server groups.
  std::string group_key(const std::string& column, const core::RemoteColumn& described) const override {
    return comparison_of(described) == Comparison::bits ? column + " + 0" : compared(column, described);
  }

  /// Of a text the column itself, which ONLY_FULL_GROUP_BY would forbid: the session does not have it, and all texts of
  /// a group are one.
  std::string group_value(const std::string& column, const core::RemoteColumn& described) const override {
    return comparison_of(described) == Comparison::bits ? column + " + 0" : column;
  }

  bool sums(const core::RemoteColumn& column) const override {
    switch (comparison_of(column)) {
      case Comparison::integer:
      case Comparison::year:
        return true;
      case Comparison::decimal:
        return column.type.length > 0 && column.type.length + digits_of_rows <= most_digits;
      default:
        return false;
    }
  }

  /// Of an integer the server takes the width that is declared for its display as the number of its digits.
  std::string aggregate_sql(core::AggregateFunction function, const std::string& column,
                            const core::RemoteColumn& described) const override {
    if (function != core::AggregateFunction::sum || comparison_of(described) == Comparison::decimal) {
      return core::Dialect::aggregate_sql(function, column, described);
    }
    return "SUM(CAST(" + column + " AS DECIMAL(" + std::to_string(integer_digits) + ",0)))";
  }

  std::optional<std::string> constant(core::Operator /*comparison*/, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    if (comparison_of(column) == Comparison::text) return "x'" + core::hexadecimal(value) + '\'';
    return literal(column, value);
  }

  bool can_equal(const core::RemoteColumn& column, std::string_view value) const override {
    return can_be_a_value(column, value);
  }

  /// By characters of utf8mb4: bytes would be too small for _.
  std::optional<std::string> pattern(core::Operator like, const std::string& column,
                                     const core::RemoteColumn& described,
                                     const core::Expression& pattern) const override {
    const bool is_parameter = pattern.kind == core::Expression::Kind::parameter;
    if (!is_parameter && ends_in_escape(pattern.value)) return std::nullopt;
    const std::string written = is_parameter ? *operand(like, described, pattern) : quote_literal(pattern.value);
    std::string sql = "CONVERT(" + column + " USING utf8mb4) COLLATE utf8mb4_bin";
    sql.append(like == core::Operator::like ? " LIKE " : " NOT LIKE ").append(written).append(escape);
    const std::string prefix = is_parameter || like != core::Operator::like ? "" : fixed_prefix(pattern.value);
    if (prefix.empty() || !is_plain(prefix) || is_choice(described.remote_type) || !finds_prefixes(described.collation))
      return sql;
    return column + " LIKE " + quote_literal(prefix + '%') + " COLLATE " + described.collation + std::string(escape) +
           " AND " + sql;
  }

  /// Collations find equal what is not, but no text unequal to itself.
  std::string index_condition(const std::string& column, const core::RemoteColumn& described,
                              const std::vector<std::string>& values) const override {
    if (comparison_of(described) != Comparison::text) return {};
    const std::optional<Frame> frame = frame_of(described, values);
    if (!frame) return {};
    std::string list;
    for (const std::string& value : values) {
      core::add_item(list, frame->charset + quote_literal(value) + frame->collation);
    }
    return values.size() == 1 ? column + " = " + list : column + " IN (" + list + ')';
  }

  std::string ordered(const std::string& column, const core::RemoteColumn& described,
                      const core::OrderBy& order) const override {
    // NULL is the smallest value there.
    const bool nulls_first = order.nulls == core::Nulls::first;
    const bool as_it_is = described.not_null || order.nulls == core::Nulls::wherever || nulls_first != order.descending;
    const std::string item = column + (order.descending ? " DESC" : "");
    return as_it_is ? item : column + (nulls_first ? " IS NOT NULL, " : " IS NULL, ") + item;
  }
};

class ServerDialect final : public MysqlDialect {
 protected:
  std::string parameter(std::size_t /*number*/) const override { return "?"; }
};

}  // namespace

core::LogicalType sum_type(const core::RemoteColumn& column) {
  const bool is_decimal = comparison_of(column) == Comparison::decimal;
  return {.kind = core::TypeKind::numeric,
          .length = (is_decimal ? column.type.length : integer_digits) + digits_of_rows,
          .scale = is_decimal ? column.type.scale : 0};
}

const core::Dialect& dialect() noexcept {
  static const MysqlDialect instance;
  return instance;
}

const core::Dialect& dialect_of_server() noexcept {
  static const ServerDialect instance;
  return instance;
}

}  // namespace connector::mysql
