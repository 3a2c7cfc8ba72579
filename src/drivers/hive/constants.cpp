#include "drivers/hive/constants.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "core/remote/dialect.hpp"
#include "drivers/hive/values.hpp"

namespace connector::hive {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::size_t max_precision = 38;

/// Whether it can stand between quotes as it is: without what ends or escapes a literal, what servers take for a
/// comment or the end of a statement, and the variables (`${…}`) that they put values in for, in literals, too.
bool is_plain(std::string_view text) noexcept {
  if (text.find("--") != std::string_view::npos) return false;
  return std::ranges::none_of(text, [](char c) {
    return std::string_view("'\"`\\$;").find(c) != std::string_view::npos || static_cast<unsigned char>(c) < ' ' ||
           c == '\x7f';
  });
}

/// U+E000 and all that follows, in UTF-8.
bool has_characters_from_e000(std::string_view text) noexcept {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xEE; });
}

std::string quoted_as(const std::string& text, const std::string& type) {
  return "CAST('" + text + "' AS " + type + ')';
}

std::string without_leading_zeros(std::string_view number) {
  return std::string(number.substr(std::min(number.find_first_not_of('0'), number.size())));
}

std::string without_trailing_zeros(std::string_view fraction) {
  return std::string(fraction.substr(0, fraction.find_last_not_of('0') + 1));
}

}  // namespace

std::optional<std::string> text_constant(std::string_view text) {
  if (has_characters_from_e000(text)) return std::nullopt;
  if (is_plain(text)) return '\'' + std::string(text) + '\'';
  return "CAST(unhex('" + core::hexadecimal(text) + "') AS STRING)";
}

bool may_be_default_partition(std::string_view text) noexcept {
  return text.starts_with('_');
}

std::optional<std::string> decimal_constant(const core::LogicalType& column, std::string_view value, bool of_column) {
  const bool is_negative = value.starts_with('-');
  if (is_negative) value.remove_prefix(1);
  const std::size_t point = std::min(value.find('.'), value.size());
  const std::string_view whole = value.substr(0, point);
  const std::string_view fraction = value.substr(std::min(point + 1, value.size()));
  const auto has_digits = [](std::string_view text) { return text.empty() || core::consists_of(text, digits); };
  if ((whole.empty() && fraction.empty()) || !has_digits(whole) || !has_digits(fraction)) return std::nullopt;
  if (column.length < 1 || column.scale < 0 || column.scale > column.length) return std::nullopt;
  const std::string before = without_leading_zeros(whole), behind = without_trailing_zeros(fraction);
  const auto scale = static_cast<std::size_t>(column.scale);
  const std::size_t places = std::max(behind.size(), scale);
  const std::size_t precision = std::max(before.size(), static_cast<std::size_t>(column.length) - scale) + places;
  if (precision > max_precision) return std::nullopt;
  const bool fits = places == scale && precision == static_cast<std::size_t>(column.length);
  if (of_column && !fits) return std::nullopt;
  std::string number = is_negative ? "-" : "";
  number += before.empty() ? "0" : before;
  if (!behind.empty()) number += '.' + behind;
  return quoted_as(number, "DECIMAL(" + std::to_string(precision) + ',' + std::to_string(places) + ')');
}

std::optional<std::string> date_constant(std::string_view value) {
  if (!core::is_like(value, "9999-99-99") || !parse_date(value)) return std::nullopt;
  return quoted_as(std::string(value), "DATE");
}

std::optional<TimestampWindow> timestamp_window(std::string_view value) {
  if (!core::is_like(value.substr(0, 10), "9999-99-99")) return std::nullopt;
  const std::optional<std::int64_t> since_2000 = parse_timestamp(value);
  if (!since_2000) return std::nullopt;
  using namespace std::chrono;
  const sys_time<microseconds> moment = sys_days(2000y / January / 1) + microseconds(*since_2000);
  // Before, the calendars of servers and files may be others; behind, the window may end in a year that they don't
  // have.
  if (moment < sys_days(1583y / January / 1) || moment >= sys_days(9999y / January / 1)) return std::nullopt;
  constexpr hours clocks_go_back{3};
  const auto written = [](sys_time<seconds> time) {
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return quoted_as(text.data(), "TIMESTAMP");
  };
  // The second that ends it is a whole one, and nothing that is rounded to the moment comes behind it.
  return TimestampWindow{.first = written(floor<seconds>(moment - microseconds(1)) - clocks_go_back),
                         .behind = written(ceil<seconds>(moment + microseconds(1)) + clocks_go_back)};
}

std::optional<std::string> binary_constant(std::string_view value) {
  if (!value.starts_with("\\x")) return std::nullopt;
  value.remove_prefix(2);
  if (!value.empty() && !core::consists_of(value, "0123456789abcdef")) return std::nullopt;
  return "unhex('" + std::string(value) + "')";
}

}  // namespace connector::hive
