#include "drivers/mysql/constants.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/letter_case.hpp"
#include "core/remote/dialect.hpp"

namespace connector::mysql {

namespace {

using core::TypeKind;

constexpr std::string_view digits = "0123456789";

// Of a literal; longer ones become other numbers.
constexpr std::size_t max_decimal_digits = 65;
constexpr std::size_t max_decimal_scale = 30;

constexpr std::size_t max_second_digits = 6;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// A number as it is written in digits, without zeros that mean nothing.
struct Number {
  bool is_negative = false;
  std::string_view whole;
  std::string_view fraction;
};

std::optional<Number> number_of(std::string_view text) {
  Number number;
  number.is_negative = text.starts_with('-');
  if (number.is_negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  number.whole = text.substr(0, point);
  if (!core::consists_of(number.whole, digits)) return std::nullopt;
  if (point != std::string_view::npos) {
    number.fraction = text.substr(point + 1);
    if (!core::consists_of(number.fraction, digits)) return std::nullopt;
  }
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  number.fraction = number.fraction.substr(0, number.fraction.find_last_not_of('0') + 1);
  return number;
}

/// Of numbers without a sign, in digits.
bool is_at_most(std::string_view whole, std::string_view limit) {
  return whole.size() != limit.size() ? whole.size() < limit.size() : whole <= limit;
}

struct IntegerRange {
  std::string_view type;
  std::string_view least;  ///< without its sign
  std::string_view most;
  std::string_view most_unsigned;
};

constexpr IntegerRange integer_ranges[] = {
    {"tinyint", "128", "127", "255"},
    {"smallint", "32768", "32767", "65535"},
    {"mediumint", "8388608", "8388607", "16777215"},
    {"int", "2147483648", "2147483647", "4294967295"},
    {"bigint", "9223372036854775808", "9223372036854775807", "18446744073709551615"},
};

bool can_be_an_integer(std::string_view remote_type, const Number& number) {
  if (!number.fraction.empty()) return false;
  const auto* range = std::ranges::find(integer_ranges, first_word(remote_type), &IntegerRange::type);
  if (range == std::end(integer_ranges)) return true;
  const bool is_unsigned = remote_type.find(" unsigned") != std::string_view::npos;
  if (number.is_negative && !number.whole.empty()) return !is_unsigned && is_at_most(number.whole, range->least);
  return is_at_most(number.whole, is_unsigned ? range->most_unsigned : range->most);
}

/// Zero, or 1901 to 2155. Beside others the server sees two digits of a year, or cuts the number to a byte.
bool can_be_a_year(const Number& number) {
  if (!number.fraction.empty()) return false;
  if (number.whole.empty()) return true;
  return !number.is_negative && number.whole.size() == 4 && number.whole >= "1901" && number.whole <= "2155";
}

bool can_be_a_decimal(const core::LogicalType& type, const Number& number) {
  if (type.length <= 0) return true;
  return number.fraction.size() <= static_cast<std::size_t>(type.scale) &&
         number.whole.size() <= static_cast<std::size_t>(type.length - type.scale);
}

std::optional<std::string> decimal_literal(const Number& number) {
  if (number.whole.size() + number.fraction.size() > max_decimal_digits) return std::nullopt;
  if (number.fraction.size() > max_decimal_scale) return std::nullopt;
  std::string text = number.is_negative ? "-" : "";
  text += number.whole.empty() ? "0" : number.whole;
  if (!number.fraction.empty()) text.append(".").append(number.fraction);
  return text;
}

/// With an exponent, which makes it a double and no decimal.
std::optional<std::string> double_literal(std::string_view value) {
  if (!core::consists_of(value, "0123456789+-.e")) return std::nullopt;
  return std::string(value) + (value.find('e') == std::string_view::npos ? "e0" : "");
}

/// As numbers: beside a bit column that is what it is compared as.
std::optional<std::string> bits_literal(const core::LogicalType& type, std::string_view value) {
  if (type.kind == TypeKind::boolean) return value == "true" ? "1" : "0";
  if (!core::consists_of(value, "01") || value.size() != static_cast<std::size_t>(type.length)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char bit : value) number = number << 1 | (bit == '1' ? 1 : 0);
  return std::to_string(number);
}

/// The digits of parts of a second.
std::string_view second_digits(std::string_view value) {
  const std::size_t point = value.find('.');
  return point == std::string_view::npos ? std::string_view{} : value.substr(point + 1);
}

/// The session's time zone is UTC.
std::string_view without_zone(std::string_view value) {
  if (value.ends_with("+00")) value.remove_suffix(3);
  return value;
}

/// Nothing for infinity, and for years before Christ or of more than four digits.
std::optional<std::string> date_literal(const core::LogicalType& type, std::string_view value) {
  if (type.kind == TypeKind::date) {
    if (!core::is_like(value, "9999-99-99")) return std::nullopt;
    return "DATE'" + std::string(value) + '\'';
  }
  value = without_zone(value);
  if (value.size() < 19 || !core::is_like(value.substr(0, 11), "9999-99-99 ")) return std::nullopt;
  if (!core::is_clock_time(value.substr(11)) || second_digits(value).size() > max_second_digits) return std::nullopt;
  return "TIMESTAMP'" + std::string(value) + '\'';
}

bool has_more_digits(const core::LogicalType& type, std::string_view value) {
  return type.length >= 0 && second_digits(value).size() > static_cast<std::size_t>(type.length);
}

/// MySQL 5.6 rounds a literal to the digits of the column, in all comparisons.
std::optional<std::string> time_literal(const core::LogicalType& type, std::string_view value) {
  if (!core::is_clock_time(value) || has_more_digits(type, value)) return std::nullopt;
  if (type.length < 0 && !second_digits(value).empty()) return std::nullopt;
  return "TIME'" + std::string(value) + '\'';
}

/// Whether a float is a float(10,2). Two of these are equal to servers if they differ by less than a part of the last
/// decimal (Arg_comparator::compare_real_fixed: 0.1 as float and as double, on MariaDB 10.11, MySQL 5.6 and 9.7), and
/// one with an index equals 0.1000001 if it is 0.10 (MariaDB 10.11, MySQL 5.6).
bool has_decimals(std::string_view remote_type) {
  const std::size_t end = first_word(remote_type).size();
  return end < remote_type.size() && remote_type[end] == '(';
}

}  // namespace

std::string_view first_word(std::string_view remote_type) {
  const auto end =
      std::ranges::find_if(remote_type, [](char c) { return (c < 'a' || c > 'z') && (c < '0' || c > '9'); });
  return remote_type.substr(0, static_cast<std::size_t>(end - remote_type.begin()));
}

Comparison comparison_of(std::string_view remote_type, const core::LogicalType& type) {
  const std::string_view word = first_word(remote_type);
  if (core::is_text_kind(type.kind)) {
    const bool is_text = is_choice(remote_type) || is_one_of(word, {"char", "varchar"}) || word.ends_with("text");
    return is_text ? Comparison::text : Comparison::none;
  }
  switch (type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
      return word == "year" ? Comparison::year : Comparison::integer;
    case TypeKind::numeric:
      return word == "decimal" ? Comparison::decimal : Comparison::integer;
    case TypeKind::float4:
    case TypeKind::float8:
      return has_decimals(remote_type) ? Comparison::none : Comparison::floating;
    case TypeKind::boolean:
    case TypeKind::bit:
      return Comparison::bits;
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return Comparison::date;
    case TypeKind::time:
      return Comparison::time;
    case TypeKind::bytea:
      return word.ends_with("binary") || word.ends_with("blob") ? Comparison::bytes : Comparison::none;
    case TypeKind::uuid:
      return Comparison::uuid;
    default:
      return Comparison::none;
  }
}

Comparison comparison_of(const core::RemoteColumn& column) {
  return comparison_of(column.remote_type, column.type);
}

bool is_choice(std::string_view remote_type) {
  return is_one_of(first_word(remote_type), {"enum", "set"});
}

std::optional<std::string> literal(const core::RemoteColumn& column, std::string_view value) {
  const std::optional<Number> number = number_of(value);
  switch (comparison_of(column)) {
    case Comparison::integer:
    case Comparison::decimal:
      return number ? decimal_literal(*number) : std::nullopt;
    case Comparison::year:
      return number && can_be_a_year(*number) ? decimal_literal(*number) : std::nullopt;
    case Comparison::floating:
      return double_literal(value);
    case Comparison::bits:
      return bits_literal(column.type, value);
    case Comparison::date:
      return date_literal(column.type, value);
    case Comparison::time:
      return time_literal(column.type, value);
    case Comparison::bytes:
      return value.starts_with("\\x") ? std::optional("x'" + std::string(value.substr(2)) + '\'') : std::nullopt;
    case Comparison::uuid:
      return core::consists_of(value, "0123456789abcdef-") ? std::optional('\'' + std::string(value) + '\'')
                                                           : std::nullopt;
    default:
      return std::nullopt;
  }
}

core::Expression with_parameters(const core::Expression& condition, const std::vector<core::RemoteColumn>& columns,
                                 std::vector<std::int64_t>& values) {
  core::Expression result = condition;
  if (condition.is_logical()) {
    for (core::Expression& operand : result.operands) operand = with_parameters(operand, columns, values);
    return result;
  }
  // MariaDB may treat a list as one value for good, if all of its values were equal once.
  if (condition.operation == core::Operator::in || condition.operation == core::Operator::not_in) return result;
  const core::RemoteColumn& column = columns.at(condition.operands.at(0).column);
  if (!column.is_comparable || comparison_of(column) != Comparison::integer) return result;
  for (core::Expression& operand : result.operands) {
    if (operand.kind != core::Expression::Kind::constant || operand.is_null) continue;
    if (!can_be_a_value(column, operand.value)) continue;
    std::int64_t value = 0;
    const char* end = operand.value.data() + operand.value.size();
    const auto read = std::from_chars(operand.value.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end) continue;
    values.push_back(value);
    operand = core::Expression::of_parameter(values.size());
  }
  return result;
}

/// Numbers are never NaN or infinite: what is out of range is refused, or replaced by the nearest value ("Out-of-Range
/// and Overflow Handling"). Dates have years up to 9999 ("The DATE, DATETIME, and TIMESTAMP Types").
bool can_be_a_value(const core::RemoteColumn& column, std::string_view value) {
  const Comparison comparison = comparison_of(column);
  const bool is_number = comparison == Comparison::integer || comparison == Comparison::year ||
                         comparison == Comparison::decimal || comparison == Comparison::floating;
  if (is_number && is_one_of(value, {"NaN", "Infinity", "-Infinity"})) return false;
  const std::optional<Number> number = number_of(value);
  switch (comparison) {
    case Comparison::integer:
      return !number || can_be_an_integer(column.remote_type, *number);
    case Comparison::year:
      return !number || can_be_a_year(*number);
    case Comparison::decimal:
      return !number || can_be_a_decimal(column.type, *number);
    case Comparison::date:
      if (core::is_beyond_years(value)) return false;
      return column.type.kind == TypeKind::date || !has_more_digits(column.type, without_zone(value));
    case Comparison::time:
      return !has_more_digits(column.type, value);
    default:
      return true;
  }
}

}  // namespace connector::mysql
