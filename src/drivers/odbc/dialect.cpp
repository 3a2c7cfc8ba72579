#include "drivers/odbc/dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/source.hpp"
#include "drivers/odbc/literals.hpp"

namespace connector::odbc {

namespace {

using core::Expression;
using core::Operator;
using core::RemoteColumn;
using core::Support;
using core::TypeKind;
using core::TypeRule;

/// The rows of the tables below.
enum Row : std::size_t { integers, decimals, booleans, dates, timestamps, floats, uuids, texts, row_count };

using Rules = std::array<TypeRule, row_count>;

constexpr TypeRule exact(std::string_view types, std::string_view remark = {}) {
  return {.types = types, .equality = Support::exact, .range = Support::exact, .sorts = true, .remark = remark};
}

constexpr TypeRule sorted_only(std::string_view types, std::string_view remark = {}) {
  return {.types = types, .sorts = true, .remark = remark};
}

constexpr TypeRule not_at_all(std::string_view types, std::string_view remark = {}) {
  return {.types = types, .remark = remark};
}

constexpr Rules other_rules = {
    exact("TINYINT, SMALLINT, INTEGER, BIGINT", "as any database of SQL compares whole numbers"),
    sorted_only("DECIMAL, NUMERIC", "no literal of many digits is sure to be read as a decimal number"),
    not_at_all("BIT"),
    sorted_only("DATE", "how a date is written is not known"),
    sorted_only("TIMESTAMP", "likewise"),
    not_at_all("REAL, FLOAT, DOUBLE"),
    not_at_all("GUID"),
    not_at_all("CHAR, VARCHAR", "how texts are compared is not known"),
};

constexpr Rules postgres_rules = {
    exact("smallint, integer, bigint"),
    exact("numeric"),
    exact("boolean"),
    sorted_only("date", "the driver gives dates before Christ as dates after"),
    exact("timestamp, timestamptz",
          "the session's time zone is UTC; constants from 9999-12-31 23:59:59 on are not sent, "
          "which the driver gives for infinity"),
    sorted_only("real, double precision", "the driver's digits are not sure to be all"),
    exact("uuid"),
    exact("text, varchar",
          "compared with COLLATE \"C\"; constants without backslash; only where the server's encoding "
          "is UTF-8"),
};

constexpr Rules mysql_rules = {
    exact("tinyint, smallint, mediumint, int, bigint", "`year` is local: it takes 5 for 2005"),
    exact("decimal", "constants of up to 65 digits, 30 of them behind the point"),
    exact("bit(1)", "as 0 and 1"),
    exact("date", "only `=` is exact where zero dates become NULL"),
    exact("datetime, timestamp", "likewise; the session's time zone is UTC"),
    sorted_only("float, double", "a float is compared as the double that it is"),
    not_at_all("uuid"),
    exact("char, varchar, text",
          "compared as bytes of utf8mb4, by no index; what may be longer than 4096 bytes is put in order here"),
};

constexpr Rules sqlite_rules = {
    TypeRule{.types = "integer",
             .equality = Support::exact,
             .range = Support::narrowing,
             .sorts = true,
             .remark = "a text in such a column is above all numbers there, and no number here"},
    not_at_all("decimal", "held as floating-point numbers"),
    not_at_all("boolean", "held as any number"),
    not_at_all("date", "held as text of any form"),
    not_at_all("timestamp", "likewise"),
    not_at_all("float, double"),
    not_at_all("guid"),
    TypeRule{.types = "text, varchar",
             .equality = Support::narrowing,
             .remark = "cast to text; by the collation of the column, which finds equal at least what is"},
};

constexpr Rules sqlserver_rules = {
    exact("tinyint, smallint, int, bigint"),
    exact("decimal, numeric", "where constant and column together need no more than 38 digits"),
    exact("bit", "as 0 and 1"),
    exact("date", "constants in the form of ISO 8601"),
    TypeRule{.types = "datetime, datetime2, smalldatetime",
             .equality = Support::narrowing,
             .range = Support::narrowing,
             .sorts = true,
             .remark = "ticks of datetime are 1/300 s: what is 10 ms around the constant is asked for"},
    sorted_only("float, real"),
    TypeRule{.types = "uniqueidentifier", .equality = Support::narrowing, .remark = "ordered by groups of bytes there"},
    TypeRule{
        .types = "char, varchar, nchar, nvarchar",
        .equality = Support::narrowing,
        .remark = "by the collation of the column; only constants of ASCII, without line breaks behind a backslash"},
};

constexpr Rules oracle_rules = {
    exact("number of whole numbers"),
    exact("number"),
    not_at_all("boolean"),
    not_at_all("date", "it has a time there"),
    not_at_all("date, timestamp", "rounded here to microseconds"),
    not_at_all("float, double"),
    not_at_all("raw"),
    not_at_all("varchar2", "by the session's settings"),
};

const Rules& rules_of(Database database) noexcept {
  switch (database) {
    case Database::postgres:
      return postgres_rules;
    case Database::mysql:
      return mysql_rules;
    case Database::sqlite:
      return sqlite_rules;
    case Database::sqlserver:
      return sqlserver_rules;
    case Database::oracle:
      return oracle_rules;
    default:
      return other_rules;
  }
}

/// Types whose values are numbers here, and are compared otherwise there: MySQL's year takes 5 for 2005, PostgreSQL has
/// no operator of money and a number, and its oid has no sign.
constexpr std::string_view odd_numbers[] = {"year", "money", "oid"};

std::optional<Row> row_of(const RemoteColumn& column) {
  const std::string_view base = std::string_view(column.remote_type).substr(0, column.remote_type.find_first_of("( "));
  if (std::ranges::find(odd_numbers, core::lower_ascii(base)) != std::end(odd_numbers)) return std::nullopt;
  switch (column.type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
      return integers;
    case TypeKind::numeric:
      return decimals;
    case TypeKind::boolean:
      return booleans;
    case TypeKind::date:
      return dates;
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return timestamps;
    case TypeKind::float4:
    case TypeKind::float8:
      return floats;
    case TypeKind::uuid:
      return uuids;
    case TypeKind::text:
    case TypeKind::varchar:
      return column.collation.empty() ? std::nullopt : std::optional(texts);
    default:
      return std::nullopt;
  }
}

/// Of a decimal number, without zeros at its end.
std::int32_t fraction_digits(std::string_view value) {
  const std::size_t point = value.find('.');
  if (point == std::string_view::npos) return 0;
  return static_cast<std::int32_t>(value.find_last_not_of('0') - point);
}

/// Whether columns of two parts are equal, but none that are no texts.
bool equals_texts_alone(const Expression& on, const std::vector<RemoteColumn>& columns) {
  const auto is_equality = [](const Expression& condition) {
    return (condition.operation == Operator::equal || condition.operation == Operator::not_distinct) &&
           condition.operands.size() == 2 && condition.operands[1].kind == Expression::Kind::column;
  };
  const bool has_parts = on.is_logical() && on.operation == Operator::logical_and;
  bool has_text = false;
  for (const Expression& part : has_parts ? on.operands : std::vector{on}) {
    if (part.is_logical() || !is_equality(part)) continue;
    if (row_of(columns.at(part.operands[0].column)) != texts) return false;
    has_text = true;
  }
  return has_text;
}

/// MySQL takes the width that is declared for the display of an integer as the number of its digits, and cuts a sum
/// that has 22 more.
std::string sum_of_mysql(const std::string& column, const RemoteColumn& described) {
  const bool is_decimal = described.type.kind == TypeKind::numeric;
  constexpr std::int32_t integer_digits = 20;
  const std::int32_t digits = is_decimal ? described.type.length : integer_digits;
  return "SUM(CAST(" + column + " AS DECIMAL(" + std::to_string(digits) + ',' +
         std::to_string(is_decimal ? described.type.scale : 0) + ")))";
}

class OdbcDialect final : public core::Dialect {
 public:
  explicit OdbcDialect(Database database) : database_(database) {}

  std::span<const TypeRule> rules() const noexcept override { return rules_of(database_); }

 protected:
  const TypeRule* rule_of(const RemoteColumn& column) const override {
    const std::optional<Row> row = row_of(column);
    return row ? &rules()[*row] : nullptr;
  }

  /// Texts by their bytes in UTF-8, where that can be had.
  std::string compared(const std::string& column, const RemoteColumn& described) const override {
    if (row_of(described) != texts) return column;
    if (database_ == Database::postgres) return column + " COLLATE \"C\"";
    if (database_ == Database::mysql) return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
    // What has no type there, or bytes, equals no text otherwise.
    if (database_ == Database::sqlite) return "CAST(" + column + " AS TEXT)";
    return column;
  }

  std::optional<std::string> constant(Operator /*comparison*/, const RemoteColumn& column,
                                      std::string_view value) const override {
    switch (row_of(column).value_or(row_count)) {
      case integers:
        return integer_literal(value);
      case decimals:
        return decimal_literal(database_, column.type, value);
      case booleans:
        return boolean_literal(database_, value);
      case dates:
        return date_literal(database_, value);
      case timestamps:
        return timestamp_literal(database_, column.type, value);
      case uuids:
        return uuid_literal(database_, value);
      case texts:
        return text_literal(database_, value);
      default:
        return std::nullopt;
    }
  }

  /// A constant that has more digits behind the point than the column is rounded by MySQL 5.6 beside a moment, and by
  /// MariaDB 10.11 beside a decimal that has an index.
  bool can_equal(const RemoteColumn& column, std::string_view value) const override {
    if (database_ != Database::mysql) return true;
    if (row_of(column) == decimals && column.type.length > 0) return fraction_digits(value) <= column.type.scale;
    if (row_of(column) != timestamps) return true;
    const std::size_t point = value.find('.');
    if (point == std::string_view::npos) return true;
    const std::size_t digits = std::min(value.find_first_not_of("0123456789", point + 1), value.size()) - point - 1;
    return static_cast<std::int64_t>(digits) <= column.type.length;
  }

  std::optional<std::string> comparison(Operator comparison, const std::string& column, const RemoteColumn& described,
                                        const Expression& value) const override {
    const bool is_constant = value.kind == Expression::Kind::constant;
    if (!is_constant || database_ != Database::sqlserver || row_of(described) != timestamps) {
      return Dialect::comparison(comparison, column, described, value);
    }
    const std::optional<std::string> written = timestamp_literal(database_, described.type, value.value);
    // DATEADD would leave the years that there are.
    if (!written || value.value < "0001-01-02" || value.value > "9999-12-31") return std::nullopt;
    const std::string first = "DATEADD(millisecond, -10, " + *written + ")";
    const std::string last = "DATEADD(millisecond, 10, " + *written + ")";
    switch (comparison) {
      case Operator::less:
      case Operator::less_or_equal:
        return column + " <= " + last;
      case Operator::greater:
      case Operator::greater_or_equal:
        return column + " >= " + first;
      default:
        return column + " BETWEEN " + first + " AND " + last;
    }
  }

  /// To IS NULL MySQL's zero date of a column that is NOT NULL is NULL ("Comparison Functions and Operators").
  std::optional<std::string> null_test(Operator is_null, const std::string& column,
                                       const RemoteColumn& described) const override {
    const std::optional<Row> row = row_of(described);
    const bool may_be_zero =
        database_ == Database::mysql && is_null == Operator::is_null && (row == dates || row == timestamps);
    return may_be_zero ? column + " <=> NULL" : Dialect::null_test(is_null, column, described);
  }

  /// MySQL finds the partners of a text by its bytes, which no index serves: it would look at all pairs of rows.
  bool joins(const core::Join& join, const std::vector<RemoteColumn>& columns) const override {
    const bool has_no_index = database_ == Database::mysql && equals_texts_alone(join.on, columns);
    return !has_no_index && Dialect::joins(join, columns);
  }

  bool groups(const RemoteColumn& column) const override {
    const std::optional<Row> row = row_of(column);
    return row && takes_joins(database_) && (compared_rows() & 1u << *row) != 0 && Dialect::groups(column) &&
           // MySQL groups by the first bytes only ("max_sort_length").
           !(database_ == Database::mysql && row == texts);
  }

  /// SQL Server compares decimals in a type that has the digits of both, up to 38 ("Precision, scale, and length").
  bool compares(const RemoteColumn& left, const RemoteColumn& right) const override {
    const std::optional<Row> row = row_of(left);
    if (!row || (compared_rows() & 1u << *row) == 0 || !Dialect::compares(left, right)) return false;
    if (database_ != Database::sqlserver || row != decimals) return true;
    return core::have_common_decimal(left.type, right.type, most_digits_of_sqlserver);
  }

  std::string group_value(const std::string& column, const RemoteColumn& described) const override {
    return group_key(column, described);
  }

  /// In PostgreSQL sums of integers have a wider type, and those of numeric have no end ("Aggregate Functions"). In
  /// MySQL the sum of a decimal has 22 digits more, up to 65, and that of an integer is one ("Aggregate Function
  /// Descriptions"). In SQL Server it has 38 digits, for 10,000,000,000 rows here ("SUM").
  bool sums(const RemoteColumn& column) const override {
    const std::optional<Row> row = row_of(column);
    if (!row || !takes_joins(database_)) return false;
    if (*row == integers) return true;
    if (*row != decimals) return false;
    constexpr std::int32_t most_digits_of_mysql = 65 - 22, summed_digits = most_digits_of_sqlserver - 10;
    const std::int32_t most = database_ == Database::mysql ? most_digits_of_mysql : summed_digits;
    return database_ == Database::postgres || (column.type.length > 0 && column.type.length <= most);
  }

  bool has_extremes(const RemoteColumn& column) const override {
    const std::optional<Row> row = row_of(column);
    // What psqlodbc gives for dates before Christ and for infinity is not what stands there.
    const bool is_changed = database_ == Database::postgres && row != integers;
    return takes_joins(database_) && !is_changed && Dialect::has_extremes(column);
  }

  /// Oracle does not count its large objects and LONG ("COUNT", "Data Types"), which have no row.
  bool counts(const RemoteColumn& column) const override {
    return (database_ != Database::oracle || row_of(column)) && Dialect::counts(column);
  }

  /// COUNT is an int in SQL Server ("COUNT_BIG").
  std::string_view count_function() const override {
    return database_ == Database::sqlserver ? "COUNT_BIG" : Dialect::count_function();
  }

  std::string aggregate_sql(core::AggregateFunction function, const std::string& column,
                            const RemoteColumn& described) const override {
    using enum core::AggregateFunction;
    if (database_ == Database::mysql && function == sum) return sum_of_mysql(column, described);
    const bool is_ours = database_ == Database::sqlserver && (function == sum || function == count);
    if (!is_ours) return Dialect::aggregate_sql(function, column, described);
    if (function == count) {
      // Not of text, ntext and image ("COUNT_BIG"), which have no row.
      return Dialect::aggregate_sql(
          function, row_of(described) ? column : "CASE WHEN " + column + " IS NOT NULL THEN 1 END", described);
    }
    const std::int32_t scale = described.type.kind == TypeKind::numeric ? described.type.scale : 0;
    return "SUM(CAST(" + column + " AS decimal(" + std::to_string(most_digits_of_sqlserver) + ',' +
           std::to_string(scale) + ")))";
  }

  std::string ordered(const std::string& column, const RemoteColumn& described,
                      const core::OrderBy& order) const override {
    std::string item = column + (order.descending ? " DESC" : "");
    if (described.not_null || order.nulls == core::Nulls::wherever) return item;
    const bool nulls_first = order.nulls == core::Nulls::first;
    if (database_ == Database::postgres || database_ == Database::oracle) {
      return Dialect::ordered(column, described, order);
    }
    // NULL is the smallest value of MySQL, SQLite and SQL Server; of others it is not known.
    if (database_ != Database::other && nulls_first != order.descending) return item;
    return "CASE WHEN " + column + (nulls_first ? " IS NULL THEN 0 ELSE 1 END, " : " IS NULL THEN 1 ELSE 0 END, ") +
           item;
  }

  std::string limited(std::string statement, bool is_ordered, std::int64_t rows, std::int64_t offset) const override {
    switch (database_) {
      case Database::postgres:
      case Database::mysql:
      case Database::sqlite:
        return Dialect::limited(std::move(statement), is_ordered, rows, offset);
      case Database::oracle:
        if (offset > 0) statement += " OFFSET " + std::to_string(offset) + " ROWS";
        return statement + " FETCH FIRST " + std::to_string(rows) + " ROWS ONLY";
      case Database::sqlserver:
        return limited_for_sqlserver(std::move(statement), is_ordered, rows, offset);
      default:
        return statement;  // there is no form that all databases take
    }
  }

 private:
  /// The rows of rules(), as bits, of whose columns two are equal there exactly where their values are equal here. Not
  /// the timestamps of psqlodbc, which gives a moment for infinity.
  unsigned compared_rows() const {
    constexpr unsigned numbers = 1u << integers | 1u << decimals | 1u << dates;
    switch (database_) {
      case Database::postgres:
        return numbers | 1u << booleans | 1u << uuids | 1u << texts;
      case Database::mysql:
        return numbers | 1u << timestamps | 1u << texts;
      case Database::sqlserver:
        return numbers | 1u << booleans;
      default:
        return 0;
    }
  }

  static std::string limited_for_sqlserver(std::string statement, bool is_ordered, std::int64_t rows,
                                           std::int64_t offset) {
    // FETCH takes no 0 ("ORDER BY clause").
    if (offset > 0 && rows > 0) {
      if (!is_ordered) statement += " ORDER BY (SELECT NULL)";
      return statement + " OFFSET " + std::to_string(offset) + " ROWS FETCH NEXT " + std::to_string(rows) +
             " ROWS ONLY";
    }
    constexpr std::string_view select = "SELECT ";
    return std::string(select) + "TOP (" + std::to_string(rows) + ") " + statement.substr(select.size());
  }

  Database database_;
};

struct TextType {
  Database database;
  std::string_view type;  ///< in lower case
  std::string_view collation;
};

/// Texts that may stand beside a text literal. Not those that are described as text but are something else there
/// (enumerations, arrays, network addresses, XML), nor SQL Server's text and ntext, which have no comparison.
constexpr TextType text_types[] = {
    {Database::postgres, "text", "C"},
    {Database::postgres, "varchar", "C"},
    {Database::mysql, "char", "utf8mb4_bin"},
    {Database::mysql, "varchar", "utf8mb4_bin"},
    {Database::mysql, "text", "utf8mb4_bin"},
    {Database::mysql, "tinytext", "utf8mb4_bin"},
    {Database::mysql, "mediumtext", "utf8mb4_bin"},
    {Database::mysql, "longtext", "utf8mb4_bin"},
    {Database::sqlite, "text", "column"},
    {Database::sqlite, "varchar", "column"},
    {Database::sqlserver, "char", "column"},
    {Database::sqlserver, "varchar", "column"},
    {Database::sqlserver, "nchar", "column"},
    {Database::sqlserver, "nvarchar", "column"},
};

}  // namespace

bool sorts_whole(Database database, const RemoteColumn& column) noexcept {
  if (database != Database::mysql || row_of(column) != texts) return true;
  constexpr std::size_t character_bytes = 4;
  const std::string_view type = column.remote_type;
  const std::size_t bracket = type.find('(');
  if (bracket == std::string_view::npos) return core::lower_ascii(type) == "tinytext";
  std::size_t characters = 0;
  const auto read = std::from_chars(type.data() + bracket + 1, type.data() + type.size(), characters);
  return read.ec == std::errc() && characters <= most_sorted_bytes / character_bytes;
}

std::string_view collation_of(Database database, std::string_view type_name) noexcept {
  const std::string_view base = type_name.substr(0, type_name.find('('));
  for (const TextType& known : text_types) {
    if (known.database == database && core::lower_ascii(base) == known.type) return known.collation;
  }
  return {};
}

const core::Dialect& dialect(Database database) noexcept {
  static const OdbcDialect other(Database::other), postgres(Database::postgres), mysql(Database::mysql),
      sqlite(Database::sqlite), sqlserver(Database::sqlserver), oracle(Database::oracle);
  switch (database) {
    case Database::postgres:
      return postgres;
    case Database::mysql:
      return mysql;
    case Database::sqlite:
      return sqlite;
    case Database::sqlserver:
      return sqlserver;
    case Database::oracle:
      return oracle;
    default:
      return other;
  }
}

}  // namespace connector::odbc
