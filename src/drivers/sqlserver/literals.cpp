#include "drivers/sqlserver/literals.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "core/remote/dialect.hpp"

namespace connector::sqlserver {

namespace {

using namespace std::chrono;

constexpr int max_precision = 38;
constexpr int max_fraction = 6;  ///< digits behind the second that PostgreSQL has
constexpr std::string_view digits = "0123456789";

std::string cast(const std::string& constant, std::string_view type) {
  return "CAST(" + constant + " AS " + std::string(type) + ')';
}

/// A decimal number in its parts, without digits that mean nothing.
struct Number {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
};

std::optional<Number> read_number(std::string_view text) {
  Number number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  number.whole = text.substr(0, point);
  if (point != std::string_view::npos) number.fraction = text.substr(point + 1);
  if (!core::consists_of(number.whole, digits)) return std::nullopt;
  if (point != std::string_view::npos && !core::consists_of(number.fraction, digits)) return std::nullopt;
  number.whole.remove_prefix(std::min(number.whole.find_first_not_of('0'), number.whole.size()));
  number.fraction = number.fraction.substr(0, number.fraction.find_last_not_of('0') + 1);
  return number;
}

std::string number_text(const Number& number) {
  std::string text = number.negative ? "-" : "";
  text += number.whole.empty() ? "0" : number.whole;
  if (!number.fraction.empty()) text.append(".").append(number.fraction);
  return text;
}

/// Nothing for infinity, and years that the server does not have.
bool is_date(std::string_view text) {
  return core::is_like(text, "9999-99-99") && !text.starts_with("0000");
}

int two_digits(std::string_view text) {
  return (text[0] - '0') * 10 + (text[1] - '0');
}

/// 10:20:30 with or without a fraction of at most six digits. PostgreSQL's 24:00:00 is none.
std::optional<microseconds> read_time(std::string_view text) {
  constexpr std::size_t whole = std::string_view("10:20:30").size();
  if (text.size() < whole || !core::is_clock_time(text) || text.size() > whole + 1 + max_fraction) return std::nullopt;
  std::int64_t fraction = 0;
  for (std::size_t i = whole + 1; i <= whole + max_fraction; ++i) {
    fraction = fraction * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  const microseconds time = hours(two_digits(text)) + minutes(two_digits(text.substr(3))) +
                            seconds(two_digits(text.substr(6))) + microseconds(fraction);
  return time < days(1) ? std::optional(time) : std::nullopt;
}

using Moment = sys_time<microseconds>;

Moment start_of(int year, unsigned first_month, unsigned first_day) {
  return sys_days(std::chrono::year(year) / month(first_month) / day(first_day));
}

std::optional<Moment> read_moment(std::string_view text) {
  constexpr std::size_t date = std::string_view("2020-01-02").size();
  if (text.ends_with("+00")) text.remove_suffix(3);
  if (text.size() <= date || text[date] != ' ' || !is_date(text.substr(0, date))) return std::nullopt;
  const std::optional<microseconds> time = read_time(text.substr(date + 1));
  if (!time) return std::nullopt;
  const int year = two_digits(text) * 100 + two_digits(text.substr(2));
  return start_of(year, static_cast<unsigned>(two_digits(text.substr(5))),
                  static_cast<unsigned>(two_digits(text.substr(8)))) +
         *time;
}

/// With six digits behind the second.
std::string time_text(microseconds time) {
  char text[64];
  const hh_mm_ss clock(time);
  std::snprintf(text, sizeof text, "%02d:%02d:%02d.%06d", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text;
}

/// The form of ISO 8601, which no language and no DATEFORMAT of the session changes ("datetime2 (Transact-SQL)",
/// "datetime (Transact-SQL)").
std::string moment_text(Moment moment) {
  const sys_days day = floor<days>(moment);
  const year_month_day date(day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text + time_text(moment - day);
}

/// A text with six digits behind the second, with `scale` of them.
std::string with_scale(std::string text, std::size_t scale) {
  text.resize(text.size() - max_fraction + scale);
  if (scale == 0) text.pop_back();
  return text;
}

/// A text with digits behind the second as a constant; UTC is told to a type with a time zone.
std::string typed(const std::string& text, std::string_view type, std::size_t scale) {
  const bool has_zone = type == "datetimeoffset";
  return cast("N'" + text + (has_zone ? "+00:00" : "") + '\'', std::string(type) + '(' + std::to_string(scale) + ')');
}

/// A backslash at the end of a line joins it with the next one, within a constant, too ("Backslash (Line
/// Continuation)").
bool has_joined_lines(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('\n') || rest.starts_with('\r')) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> integer_literal(std::string_view value) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  // Greater constants are decimal ("int, bigint, smallint, and tinyint").
  constexpr std::int64_t largest_int = 2147483647;
  const bool is_int = number >= -largest_int && number <= largest_int;
  return is_int ? std::string(value) : cast(std::string(value), "bigint");
}

std::optional<std::string> decimal_literal(std::string_view value, int precision, int scale) {
  const std::optional<Number> number = read_number(value);
  if (!number || precision < 1) return std::nullopt;
  const int common_whole = std::max(precision - scale, static_cast<int>(number->whole.size()));
  const int common_scale = std::max(scale, static_cast<int>(number->fraction.size()));
  if (number->whole.size() > max_precision || number->fraction.size() > max_precision ||
      common_whole + common_scale > max_precision) {
    return std::nullopt;
  }
  return cast(number_text(*number),
              "decimal(" + std::to_string(common_whole + common_scale) + ", " + std::to_string(common_scale) + ')');
}

bool can_be_decimal(std::string_view value, int precision, int scale) {
  if (value == "NaN" || value == "Infinity" || value == "-Infinity") return false;
  const std::optional<Number> number = read_number(value);
  return !number || (number->fraction.size() <= static_cast<std::size_t>(scale) &&
                     number->whole.size() <= static_cast<std::size_t>(precision - scale));
}

std::optional<std::string> money_literal(std::string_view value) {
  // 922,337,203,685,477.5807 is the greatest ("money and smallmoney").
  constexpr std::size_t max_whole = 14, max_scale = 4;
  const std::optional<Number> number = read_number(value);
  if (!number || number->whole.size() > max_whole || number->fraction.size() > max_scale) return std::nullopt;
  return cast(number_text(*number), "money");
}

std::optional<std::string> bit_literal(std::string_view value) {
  if (value == "true") return "1";
  if (value == "false") return "0";
  return std::nullopt;
}

std::optional<std::string> date_literal(std::string_view value) {
  if (!is_date(value)) return std::nullopt;
  return cast("N'" + std::string(value) + '\'', "date");
}

std::optional<std::string> time_literal(std::string_view value, std::string_view type, int scale) {
  std::string text;
  if (type == "time") {
    const std::optional<microseconds> time = read_time(value);
    if (!time) return std::nullopt;
    text = time_text(*time);
  } else {
    const std::optional<Moment> moment = read_moment(value);
    if (!moment) return std::nullopt;
    text = moment_text(*moment);
  }
  const std::string fraction = text.substr(text.size() - max_fraction);
  const bool fits = fraction.find_first_not_of('0', static_cast<std::size_t>(scale)) == std::string::npos;
  const std::size_t common_scale = fits ? static_cast<std::size_t>(scale) : max_fraction;
  return typed(with_scale(std::move(text), common_scale), type, common_scale);
}

std::optional<std::string> uuid_literal(std::string_view value) {
  constexpr std::size_t length = 36;
  if (value.size() != length || !core::consists_of(value, "0123456789abcdef-")) return std::nullopt;
  return cast("N'" + std::string(value) + '\'', "uniqueidentifier");
}

std::optional<std::string> bytes_literal(std::string_view value) {
  constexpr std::size_t most = 2 * 8000;
  if (!value.starts_with("\\x")) return std::nullopt;
  value.remove_prefix(2);
  if (value.size() > most || (!value.empty() && !core::consists_of(value, "0123456789abcdef"))) return std::nullopt;
  return "0x" + std::string(value);
}

std::optional<std::string> text_literal(std::string_view value, bool unicode) {
  constexpr std::size_t most = 4000;  // in characters: those of N'…' with more are of another type
  const bool is_ascii = std::ranges::all_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (value.size() > most || (!unicode && !is_ascii) || has_joined_lines(value)) return std::nullopt;
  return (unicode ? "N" : "") + core::between_quotes('\'', value, '\'');
}

std::optional<std::string> prefix_literal(std::string_view pattern, bool unicode) {
  constexpr std::size_t most = 1000;
  std::string prefix;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '%' || c == '_') break;
    if (c == '\\') {
      if (++i == pattern.size()) return std::nullopt;  // PostgreSQL's error is to come
      c = pattern[i];
    }
    if (c == '%' || c == '_' || c == '[' || c == '~') prefix += '~';
    prefix += c;
  }
  if (prefix.empty() || prefix.size() > most) return std::nullopt;
  return text_literal(prefix + '%', unicode);
}

std::optional<Window> time_window(std::string_view value, std::string_view type) {
  constexpr microseconds step(1);
  constexpr std::size_t scale = max_fraction + 1;
  std::string before, text;
  if (type == "time") {
    const std::optional<microseconds> time = read_time(value);
    if (!time) return std::nullopt;
    before = time_text(std::max(*time - step, microseconds(0)));
    text = time_text(*time);
  } else {
    const std::optional<Moment> moment = read_moment(value);
    if (!moment) return std::nullopt;
    before = moment_text(std::max(*moment - step, start_of(1, 1, 1)));
    text = moment_text(*moment);
  }
  return Window{typed(before + '0', type, scale), typed(text + '9', type, scale)};
}

std::optional<Window> datetime_window(std::string_view value) {
  // Wider than a tick, whichever way the constant is rounded.
  constexpr milliseconds step(10);
  constexpr std::size_t scale = 3;
  const std::optional<Moment> moment = read_moment(value);
  // "datetime (Transact-SQL)": from 1753 on.
  if (!moment || *moment < start_of(1753, 1, 2) || *moment >= start_of(9999, 12, 31)) return std::nullopt;
  const auto constant = [](Moment at) { return cast("N'" + with_scale(moment_text(at), scale) + '\'', "datetime"); };
  return Window{constant(*moment - step), constant(*moment + step)};
}

std::optional<Window> float_window(std::string_view value) {
  // Fifteen digits are what "float and real (Transact-SQL)" promises, so a constant may be read as a neighbour.
  constexpr double tolerance = 1e-14;
  constexpr double smallest = 2.3e-308, largest = 1.7e308;
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number)) return std::nullopt;
  const double size = std::abs(number);
  if (size > largest || (size != 0 && size < smallest)) return std::nullopt;
  const auto constant = [](double limit) {
    char text[64];
    return std::string(text, std::to_chars(text, text + sizeof text, limit, std::chars_format::scientific, 16).ptr);
  };
  const double distance = size == 0 ? smallest : size * tolerance;
  return Window{constant(number - distance), constant(number + distance)};
}

}  // namespace connector::sqlserver
