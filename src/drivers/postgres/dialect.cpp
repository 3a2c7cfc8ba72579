#include "drivers/postgres/dialect.hpp"

#include <algorithm>
#include <map>
#include <charconv>
#include <cstdint>
#include <limits>
#include <utility>

#include "core/remote/source.hpp"
#include "core/base/list_text.hpp"
#include "drivers/postgres/sql_text.hpp"

namespace connector::postgres {

namespace {

using core::LogicalType;
using core::Operator;
using core::Support;
using core::TypeKind;

constexpr core::TypeRule type_rules[] = {
    {.types = "text, varchar, enums, and types that come as text",
     .equality = Support::exact,
     .range = Support::exact,
     .pattern = Support::exact,
     .sorts = true,
     .remark =
         "`=` uses an index of any collation, `<` and the order one of collation `C`. In databases of other encodings "
         "than UTF8 and SQL_ASCII what is compared is the text in UTF-8, by an index only if it is ASCII; `LIKE` is "
         "local in all of them but UTF8"},
    {.types = "char",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "without blanks at its end, there as here"},
    {.types = "smallint, integer, bigint, real, double precision, oid",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "`NaN` is equal to itself and greater than all others, there as here"},
    {.types = "numeric",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "an infinite constant is local, as servers before 14 have none"},
    {.types = "date, time, timetz, timestamp, timestamptz",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "with `infinity` and years before Christ"},
    {.types = "interval",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "an infinite constant is local, as servers before 17 have none"},
    {.types = "boolean, uuid, bytea, bit, varbit, inet, cidr, macaddr, macaddr8, pg_lsn, xid8",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
};
constexpr const core::TypeRule* text_rule = &type_rules[0];
constexpr const core::TypeRule* char_rule = &type_rules[1];
constexpr const core::TypeRule* number_rule = &type_rules[2];
constexpr const core::TypeRule* numeric_rule = &type_rules[3];
constexpr const core::TypeRule* time_rule = &type_rules[4];
constexpr const core::TypeRule* interval_rule = &type_rules[5];
constexpr const core::TypeRule* other_rule = &type_rules[6];

/// A type, and the name that its constants are written with: the one of the catalog, which has no hidden length.
struct ComparedType {
  const core::TypeRule* rule = nullptr;
  std::string_view name = {};
};

/// Left out are types without an order (json, xml), those whose order depends on the collation or the version of the
/// server inside of their values (jsonb, arrays and ranges of text), money, whose digits are its locale's affair, and
/// those whose values mean something on their own server only.
ComparedType compared_type(const LogicalType& type) noexcept {
  switch (type.kind) {
    case TypeKind::text:
    case TypeKind::varchar:
      return {text_rule, "text"};
    case TypeKind::bpchar:
      return {char_rule, "bpchar"};
    case TypeKind::int2:
      return {number_rule, "int2"};
    case TypeKind::int4:
      return {number_rule, "int4"};
    case TypeKind::int8:
      return {number_rule, "int8"};
    case TypeKind::float4:  // the value has all digits of the single one, but need not be one
    case TypeKind::float8:
      return {number_rule, "float8"};
    case TypeKind::numeric:
      return {numeric_rule, "numeric"};
    case TypeKind::date:
      return {time_rule, "date"};
    case TypeKind::time:
      return {time_rule, "time"};
    case TypeKind::timetz:
      return {time_rule, "timetz"};
    case TypeKind::timestamp:
      return {time_rule, "timestamp"};
    case TypeKind::timestamptz:
      return {time_rule, "timestamptz"};
    case TypeKind::interval:
      return {interval_rule, "interval"};
    case TypeKind::boolean:
      return {other_rule, "bool"};
    case TypeKind::uuid:
      return {other_rule, "uuid"};
    case TypeKind::bytea:
      return {other_rule, "bytea"};
    case TypeKind::bit:
      return {other_rule, "\"bit\""};
    case TypeKind::varbit:
      return {other_rule, "varbit"};
    case TypeKind::named:
      break;
    default:
      return {};
  }
  if (type.name.starts_with("interval")) {
    // Restricted to some fields; an array has its brackets at the end.
    return type.name.ends_with(']') ? ComparedType{} : ComparedType{interval_rule, "interval"};
  }
  if (type.name == "oid") return {number_rule, "oid"};
  // Beside a cidr may stand an inet, which need not be one; they have the same operators.
  if (type.name == "cidr") return {other_rule, "inet"};
  for (const std::string_view name : {"inet", "macaddr", "macaddr8", "pg_lsn", "xid8"}) {
    if (type.name == name) return {other_rule, name};
  }
  return {};
}

/// The smallest type that has the integer and is not smaller than the column's: an index serves each of them.
std::optional<std::string_view> integer_type(TypeKind kind, std::string_view value) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  const auto fits = [number]<typename Integer>(Integer) {
    return number >= std::numeric_limits<Integer>::min() && number <= std::numeric_limits<Integer>::max();
  };
  if (kind == TypeKind::int2 && fits(std::int16_t{})) return "int2";
  if (kind != TypeKind::int8 && fits(std::int32_t{})) return "int4";
  return "int8";
}

bool is_infinite(std::string_view value) noexcept {
  return value == "Infinity" || value == "-Infinity" || value == "infinity" || value == "-infinity";
}

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// A backslash at the end escapes nothing, which is an error as soon as a text is compared with the pattern.
bool ends_with_escape(std::string_view pattern) noexcept {
  bool escapes = false;
  for (const char c : pattern) escapes = c == '\\' && !escapes;
  return escapes;
}

std::string_view without_blanks(std::string_view text) noexcept {
  const auto last = text.find_last_not_of(' ');
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

constexpr const char* by_bytes = " COLLATE pg_catalog.\"C\"";
/// The database's own collation can't be one for which different texts are equal (PostgreSQL manual, CREATE DATABASE).
constexpr const char* as_it_is = " COLLATE pg_catalog.\"default\"";

class PostgresDialect final : public core::Dialect {
 public:
  explicit PostgresDialect(const TextFacts& facts) : facts_(facts) {}

  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

  bool groups(const core::RemoteColumn& column) const override {
    // A day and 24 hours are equal, also in an interval of some fields.
    if (rule_of(column) == interval_rule) return false;
    return core::Dialect::groups(column) || is_padded(column);
  }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    return compared_type(column.type).rule;
  }

  std::string compared(const std::string& column, const core::RemoteColumn& described) const override {
    if (!core::is_text_kind(described.type.kind)) return column;
    return facts_.is_utf8 ? as_text(column, described)
                          : "pg_catalog.convert_to(" + column + "::pg_catalog.text, 'UTF8')";
  }

  std::string column_comparison(Operator comparison, const std::string& left, const core::RemoteColumn& left_described,
                                const std::string& right, const core::RemoteColumn& right_described) const override {
    std::string plain = core::Dialect::column_comparison(comparison, left, left_described, right, right_described);
    if (!core::is_text_kind(left_described.type.kind) || !facts_.is_utf8) return plain;
    const bool is_equality = comparison == Operator::equal || comparison == Operator::not_equal;
    return plain + (is_equality ? collation_of_equality(left_described, right_described) : by_bytes);
  }

  std::string group_key(const std::string& column, const core::RemoteColumn& described) const override {
    const std::string key = compared(column, described);
    return core::is_text_kind(described.type.kind) && facts_.is_utf8 ? key + by_bytes : key;
  }

  /// A text in UTF-8 comes as the same bytes as a bytea that has been made of it.
  std::string group_value(const std::string& column, const core::RemoteColumn& described) const override {
    return group_key(column, described);
  }

  /// PostgreSQL's own functions, with the types of their results (PostgreSQL manual, "Aggregate Functions"): that of
  /// smallint and integer is bigint, that of bigint and numeric is numeric.
  bool sums(const core::RemoteColumn& column) const override {
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
      case TypeKind::numeric:
        return true;
      default:
        return false;
    }
  }

  /// Not uuid and bytea, whose min() and max() are new in PostgreSQL 18 (its release notes); not inet, whose min() and
  /// max() don't tell inet and cidr apart.
  bool has_extremes(const core::RemoteColumn& column) const override {
    switch (column.type.kind) {
      case TypeKind::text:
      case TypeKind::varchar:
        return facts_.is_utf8;
      case TypeKind::timetz:  // no two values that differ are equal: of the same moment the zones are compared
        return true;
      default:
        return core::Dialect::has_extremes(column);
    }
  }

  /// The remote role's search_path may lead to other functions.
  std::string aggregate_sql(core::AggregateFunction function, const std::string& column,
                            const core::RemoteColumn& described) const override {
    const bool is_extreme =
        function == core::AggregateFunction::minimum || function == core::AggregateFunction::maximum;
    return "pg_catalog." +
           core::Dialect::aggregate_sql(function, is_extreme ? group_key(column, described) : column, described);
  }

  std::optional<std::string> constant(Operator /*comparison*/, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    const TypeKind kind = column.type.kind;
    const ComparedType type = compared_type(column.type);
    if (core::is_text_kind(kind) && !facts_.is_utf8) {
      const std::string_view bytes = kind == TypeKind::bpchar ? without_blanks(value) : value;
      return "pg_catalog.decode('" + core::hexadecimal(bytes) + "', 'hex')";
    }
    if ((type.rule == numeric_rule || type.rule == interval_rule) && is_infinite(value)) return std::nullopt;
    if (kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8) {
      const std::optional<std::string_view> integer = integer_type(kind, value);
      return integer ? std::optional(typed(value, *integer)) : std::nullopt;
    }
    return typed(value, type.name);
  }

  std::optional<std::string> comparison(Operator comparison, const std::string& column,
                                        const core::RemoteColumn& described,
                                        const core::Expression& value) const override {
    std::optional<std::string> plain = core::Dialect::comparison(comparison, column, described, value);
    if (!plain || !core::is_text_kind(described.type.kind) || !facts_.is_utf8) return plain;
    if (comparison == Operator::equal) return of_the_same_bytes(described, *plain, *plain + as_it_is);
    return *plain + (comparison == Operator::not_equal ? as_it_is : by_bytes);
  }

  std::string list(bool is_in, const std::string& column, const core::RemoteColumn& described,
                   const std::string& constants) const override {
    const std::string begin = compared(column, described) + (is_in ? is_any : is_none) + constants + ']';
    if (!core::is_text_kind(described.type.kind) || !facts_.is_utf8) return begin + ')';
    const std::string exact = begin + as_it_is + ')';
    return is_in ? of_the_same_bytes(described, begin + ')', exact) : exact;
  }

  /// ASCII is the same bytes in all encodings that a server has.
  std::string index_condition(const std::string& column, const core::RemoteColumn& described,
                              const std::vector<std::string>& values) const override {
    const bool has_one = core::is_text_kind(described.type.kind) && !facts_.is_utf8 && !described.collation.empty();
    if (!has_one || !std::ranges::all_of(values, is_ascii)) return {};
    std::string constants;
    for (const std::string& value : values) core::add_item(constants, typed(value, compared_type(described.type).name));
    return as_text(column, described) + is_any + constants + "])";
  }

  std::optional<std::string> pattern(Operator like, const std::string& column, const core::RemoteColumn& described,
                                     const core::Expression& pattern) const override {
    // In SQL_ASCII a `_` stands for a byte.
    if (!facts_.is_utf8 || !facts_.has_characters || ends_with_escape(pattern.value)) return std::nullopt;
    const std::optional<std::string> written = operand(like, described, pattern);
    if (!written) return std::nullopt;
    // The backslash is the escape of the operators, whatever the settings of the server.
    const char* name = like == Operator::like ? " OPERATOR(pg_catalog.~~) " : " OPERATOR(pg_catalog.!~~) ";
    return compared(column, described) + name + *written + by_bytes;
  }

  std::string ordered(const std::string& column, const core::RemoteColumn& described,
                      const core::OrderBy& order) const override {
    const bool is_collated = core::is_text_kind(described.type.kind) && facts_.is_utf8;
    return core::Dialect::ordered(is_collated ? column + by_bytes : column, described, order);
  }

  /// The remote role's search_path may lead to other operators.
  std::string_view operator_sql(Operator comparison) const override {
    switch (comparison) {
      case Operator::equal:
        return "OPERATOR(pg_catalog.=)";
      case Operator::not_equal:
        return "OPERATOR(pg_catalog.<>)";
      case Operator::less:
        return "OPERATOR(pg_catalog.<)";
      case Operator::less_or_equal:
        return "OPERATOR(pg_catalog.<=)";
      case Operator::greater:
        return "OPERATOR(pg_catalog.>)";
      case Operator::greater_or_equal:
        return "OPERATOR(pg_catalog.>=)";
      default:
        return core::Dialect::operator_sql(comparison);
    }
  }

 private:
  /// Whether it is a char(n) whose equal values look alike: all are padded with blanks to n characters. Only in UTF-8:
  /// elsewhere compared() takes the blanks off.
  bool is_padded(const core::RemoteColumn& column) const noexcept {
    return column.type.kind == TypeKind::bpchar && column.type.length > 0 && facts_.is_utf8 && column.is_comparable &&
           core::keeps_order(column);
  }

  static constexpr const char* is_any = " OPERATOR(pg_catalog.=) ANY (ARRAY[";
  static constexpr const char* is_none = " OPERATOR(pg_catalog.<>) ALL (ARRAY[";

  /// Enums have operators of their own.
  static std::string as_text(const std::string& column, const core::RemoteColumn& described) {
    const bool is_other = described.type.kind == TypeKind::text && described.remote_type != "text";
    return is_other ? column + "::pg_catalog.text" : column;
  }

  static std::string typed(std::string_view value, std::string_view type) {
    return quote_literal(value) + "::pg_catalog." + std::string(type);
  }

  /// By a collation for which only the same bytes are equal, so that an index can serve the equality if it has that
  /// one: those that the server came with are such. Others may be named only by who has rights to their schemas.
  static std::string collation_of_equality(const core::RemoteColumn& left, const core::RemoteColumn& right) {
    constexpr std::string_view schema = "pg_catalog.";
    for (const core::RemoteColumn* column : {&right, &left}) {
      const std::string_view name = column->collation;
      if (!name.starts_with(schema) || !is_ascii(name) || name.substr(schema.size()) == "default") continue;
      return " COLLATE pg_catalog." + quote_identifier(name.substr(schema.size()));
    }
    return as_it_is;
  }

  /// An equality by the column's own collation, which has the index, but may be one for which different texts are
  /// equal; and the same one by the database's.
  static std::string of_the_same_bytes(const core::RemoteColumn& described, const std::string& by_its_own,
                                       const std::string& exact) {
    return described.collation.empty() ? exact : by_its_own + " AND " + exact;
  }

  TextFacts facts_;
};

}  // namespace

const core::Dialect& dialect(const TextFacts& facts) {
  static std::map<std::pair<bool, bool>, PostgresDialect> dialects;
  return dialects.try_emplace({facts.is_utf8, facts.has_characters}, facts).first->second;
}

}  // namespace connector::postgres
