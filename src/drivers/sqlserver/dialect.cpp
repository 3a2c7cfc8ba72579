#include "drivers/sqlserver/dialect.hpp"

#include <algorithm>
#include <charconv>

#include "core/remote/source.hpp"
#include "drivers/sqlserver/literals.hpp"

namespace connector::sqlserver {

namespace {

using core::Operator;
using core::Support;

/// A row of the table below.
enum Row : std::size_t {
  integers,
  decimals,
  money,
  bits,
  dates,
  times,
  smalldatetimes,
  fine_times,
  datetimes,
  floats,
  uuids,
  bytes,
  unicode_texts,
  code_page_texts
};

/// Only what Microsoft's documentation states; its pages are named in quotes.
constexpr core::TypeRule type_rules[] = {
    {.types = "tinyint, smallint, int, bigint",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "constants above 2147483647 as bigint (\"int, bigint, smallint, and tinyint\")"},
    {.types = "decimal, numeric",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "beside a constant of the same type, or of one with the digits of both; where these are more than 38, "
               "digits could be lost (\"Precision, scale, and length\"): local"},
    {.types = "money, smallmoney",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "a constant with more than four digits behind the point: local (\"money and smallmoney\")"},
    {.types = "bit",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "as 0 and 1 (\"bit\")"},
    {.types = "date",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "constants in the form of ISO 8601 (\"date\")"},
    {.types = "datetime2, datetimeoffset, time with up to 6 digits",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark =
         "constants in the form of ISO 8601, which no setting changes (\"datetime2\"); datetimeoffset is compared "
         "and sorted in UTC (\"datetimeoffset\")"},
    {.types = "smalldatetime",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "as datetime2, to which it is converted without change (\"smalldatetime\")"},
    {.types = "datetime2, datetimeoffset, time with 7 digits",
     .equality = Support::narrowing,
     .range = Support::narrowing,
     .remark = "the values are rounded here: what may be rounded to the constant is asked for"},
    {.types = "datetime",
     .equality = Support::narrowing,
     .range = Support::narrowing,
     .remark = "its ticks are 1/300 s (\"datetime\"): what is 10 ms around the constant is asked for"},
    {.types = "float, real",
     .equality = Support::narrowing,
     .range = Support::narrowing,
     .sorts = true,
     .remark = "of a constant 15 digits are sure to be read (\"float and real\"): what is nearer to it than that is "
               "asked for"},
    {.types = "uniqueidentifier",
     .equality = Support::narrowing,
     .remark = "ordered by groups of bytes there (\"Comparing GUID and uniqueidentifier values\")"},
    {.types = "binary, varbinary, rowversion",
     .equality = Support::narrowing,
     .remark = "how bytes of different length are compared is not documented"},
    {.types = "nchar, nvarchar",
     .equality = Support::narrowing,
     .pattern = Support::narrowing,
     .remark = "by the collation of the column (\"Collation precedence\"), blanks at the end do not count (\"= (String "
               "comparison or assignment)\"): all that is equal here is equal there; LIKE by what stands before the "
               "first % or _, by its code points (\"Collation and Unicode support\")"},
    {.types = "char, varchar",
     .equality = Support::narrowing,
     .pattern = Support::narrowing,
     .remark = "likewise; only constants of ASCII, which are the same in all code pages"},
};

struct Named {
  std::string_view name;
  Row row;
};

constexpr Named rows[] = {{"tinyint", integers},
                          {"smallint", integers},
                          {"int", integers},
                          {"bigint", integers},
                          {"decimal", decimals},
                          {"numeric", decimals},
                          {"money", money},
                          {"smallmoney", money},
                          {"bit", bits},
                          {"date", dates},
                          {"datetime2", times},
                          {"datetimeoffset", times},
                          {"time", times},
                          {"smalldatetime", smalldatetimes},
                          {"datetime", datetimes},
                          {"float", floats},
                          {"real", floats},
                          {"uniqueidentifier", uuids},
                          {"binary", bytes},
                          {"varbinary", bytes},
                          {"rowversion", bytes},
                          {"nchar", unicode_texts},
                          {"nvarchar", unicode_texts},
                          {"char", code_page_texts},
                          {"varchar", code_page_texts}};

/// The type without what stands in brackets.
std::string_view base_type(const core::RemoteColumn& column) {
  const std::string_view type = column.remote_type;
  return type.substr(0, type.find('('));
}

/// "datetime2(7)"
bool has_seven_digits(const core::RemoteColumn& column) {
  return column.remote_type.ends_with("(7)");
}

std::optional<Row> row_of(const core::RemoteColumn& column) {
  const auto* found = std::ranges::find(rows, base_type(column), &Named::name);
  if (found == std::end(rows)) return std::nullopt;
  return found->row == times && has_seven_digits(column) ? fine_times : found->row;
}

/// What may be equal to the constant here. `end_of_day`: and what is rounded up to midnight, which is 00:00:00 then.
struct Near {
  Window window;
  bool end_of_day = false;
};

std::optional<Near> near(const core::RemoteColumn& column, std::string_view value) {
  std::optional<Window> window;
  bool end_of_day = false;
  switch (row_of(column).value_or(integers)) {
    case fine_times:
      window = time_window(value, base_type(column));
      end_of_day = base_type(column) == "time";
      break;
    case datetimes:
      window = datetime_window(value);
      break;
    case floats:
      window = float_window(value);
      break;
    default:
      break;
  }
  if (!window) return std::nullopt;
  return Near{std::move(*window), end_of_day};
}

/// Of a decimal that is summed up: 10^18 rows at least are no overflow, which would be an error there and none here.
constexpr int most_digits_of_sums = 20;

/// Where two decimals together need more digits, those behind the point are lost when they are compared ("Precision,
/// scale, and length").
constexpr std::int32_t most_decimal_digits = 38;

class SqlServerDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

  /// Moments that are equal in UTC may be of several zones: that such a group is one is not documented.
  bool groups(const core::RemoteColumn& column) const override {
    return base_type(column) != "datetimeoffset" && core::Dialect::groups(column);
  }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    const std::optional<Row> row = row_of(column);
    return row ? &type_rules[*row] : nullptr;
  }

  std::optional<std::string> constant(Operator /*comparison*/, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    switch (row_of(column).value()) {
      case integers:
        return integer_literal(value);
      case decimals:
        return decimal_literal(value, column.type.length, column.type.scale);
      case money:
        return money_literal(value);
      case bits:
        return bit_literal(value);
      case dates:
        return date_literal(value);
      case times:
        return time_literal(value, base_type(column), column.type.length);
      case smalldatetimes:
        return time_literal(value, "datetime2", 0);
      case uuids:
        return uuid_literal(value);
      case bytes:
        return bytes_literal(value);
      case unicode_texts:
        return text_literal(value, true);
      case code_page_texts:
        return text_literal(value, false);
      case fine_times:
      case datetimes:
      case floats:
        break;  // see comparison()
    }
    return std::nullopt;
  }

  /// "IN": it is as = with each of the values.
  bool has_lists(const core::RemoteColumn& column) const override {
    const Row row = row_of(column).value();
    return row != fine_times && row != datetimes && row != floats;
  }

  /// "date", "datetime2": years are 1 to 9999; "datetime": from 1753 on. "decimal and numeric" and "money" have no NaN,
  /// and no more digits than are declared.
  bool can_equal(const core::RemoteColumn& column, std::string_view value) const override {
    switch (row_of(column).value()) {
      case dates:
      case smalldatetimes:
        return !core::is_beyond_years(value);
      case times:
      case fine_times:
        return base_type(column) == "time" || !core::is_beyond_years(value);
      case datetimes:
        return !core::is_beyond_years(value) && value >= "1752-12-31";
      case decimals:
        return column.type.length < 1 || can_be_decimal(value, column.type.length, column.type.scale);
      case money:
        return can_be_decimal(value, 19, 4);
      default:
        return true;
    }
  }

  bool compares(const core::RemoteColumn& left, const core::RemoteColumn& right) const override {
    switch (row_of(left).value()) {
      case decimals:
        return core::have_common_decimal(left.type, right.type, most_decimal_digits);
      case times:  // which type those of several digits are compared in is not documented
        return left.remote_type == right.remote_type;
      default:
        return core::Dialect::compares(left, right);
    }
  }

  /// "SUM": that of decimal(p, s) is decimal(38, s). One more digit is for every ten rows.
  bool sums(const core::RemoteColumn& column) const override {
    switch (row_of(column).value_or(bits)) {
      case integers:
      case money:
        return true;
      case decimals:
        return column.type.length > 0 && column.type.length <= most_digits_of_sums;
      default:
        return false;
    }
  }

  /// COUNT is an int ("COUNT").
  std::string_view count_function() const override { return "COUNT_BIG"; }

  std::string aggregate_sql(core::AggregateFunction function, const std::string& column,
                            const core::RemoteColumn& described) const override {
    using enum core::AggregateFunction;
    const std::optional<Row> row = row_of(described);
    switch (function) {
      case count:
        // Not of text, ntext and image ("COUNT_BIG").
        if (row) break;
        return core::Dialect::aggregate_sql(function, "CASE WHEN " + column + " IS NOT NULL THEN 1 END", described);
      case sum:
        // That of int is int, that of money is money ("SUM").
        if (row == integers) return "SUM(CAST(" + column + " AS decimal(19, 0)))";
        if (row == money) return "SUM(CAST(" + column + " AS decimal(19, 4)))";
        break;
      default:
        break;
    }
    return core::Dialect::aggregate_sql(function, column, described);
  }

  std::optional<std::string> comparison(Operator comparison, const std::string& column,
                                        const core::RemoteColumn& described,
                                        const core::Expression& value) const override {
    const Row row = row_of(described).value();
    const bool has_window = row == fine_times || row == datetimes || row == floats;
    if (!has_window || value.kind != core::Expression::Kind::constant) {
      return Dialect::comparison(comparison, column, described, value);
    }
    const std::optional<Near> found = near(described, value.value);
    if (!found) return std::nullopt;
    const Window& window = found->window;
    std::string sql;
    switch (comparison) {
      case Operator::less:
      case Operator::less_or_equal:
        sql = column + " <= " + window.last;
        break;
      case Operator::greater:
      case Operator::greater_or_equal:
        return column + " >= " + window.first;
      default:
        sql = column + " BETWEEN " + window.first + " AND " + window.last;
        break;
    }
    if (!found->end_of_day) return sql;
    return '(' + sql + " OR " + column + " > CAST(N'23:59:59.9999990' AS time(7)))";
  }

  std::optional<std::string> pattern(Operator /*like*/, const std::string& column, const core::RemoteColumn& described,
                                     const core::Expression& pattern) const override {
    std::optional<std::string> written;
    if (pattern.kind == core::Expression::Kind::parameter) {
      written = operand(Operator::like, described, pattern);
    } else {
      written = prefix_literal(pattern.value, row_of(described) == unicode_texts);
    }
    if (!written) return std::nullopt;
    // By their own collations texts may begin with other letters than here: "ch" is one letter in some.
    return column + " COLLATE Latin1_General_BIN2 LIKE " + *written + " ESCAPE '~'";
  }

  std::string ordered(const std::string& column, const core::RemoteColumn& described,
                      const core::OrderBy& order) const override {
    // NULL is the smallest value there ("ORDER BY clause").
    const bool nulls_first = order.nulls == core::Nulls::first;
    const bool as_it_is = described.not_null || order.nulls == core::Nulls::wherever || nulls_first != order.descending;
    std::string item = column + (order.descending ? " DESC" : "");
    if (as_it_is) return item;
    return "CASE WHEN " + column + (nulls_first ? " IS NULL THEN 0 ELSE 1 END, " : " IS NULL THEN 1 ELSE 0 END, ") +
           item;
  }

  std::string limited(std::string statement, bool is_ordered, std::int64_t rows, std::int64_t offset) const override {
    // FETCH takes no 0 ("ORDER BY clause").
    if (offset > 0 && rows > 0) {
      if (!is_ordered) statement += " ORDER BY (SELECT NULL)";
      return statement + " OFFSET " + std::to_string(offset) + " ROWS FETCH NEXT " + std::to_string(rows) +
             " ROWS ONLY";
    }
    constexpr std::string_view select = "SELECT ";
    return std::string(select) + "TOP (" + std::to_string(rows) + ") " + statement.substr(select.size());
  }
};

}  // namespace

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('[', name, ']');
}

std::string quote_table(std::string_view database, std::string_view schema, std::string_view table) {
  return quote_identifier(database) + '.' + quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  return 'N' + core::between_quotes('\'', text, '\'');
}

const core::Dialect& dialect() noexcept {
  static const SqlServerDialect instance;
  return instance;
}

}  // namespace connector::sqlserver
