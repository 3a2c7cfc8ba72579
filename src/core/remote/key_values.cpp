#include "core/remote/key_values.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include "core/rows/date_text.hpp"

namespace connector::core {

namespace {

/// Where 0 stands, and the beginning of 2000-01-01.
constexpr KeyPlace middle = static_cast<KeyPlace>(1) << 127;

/// So many digits always fit in on either side of it.
constexpr std::size_t most_digits = 38;

constexpr std::int64_t days_from_1970_to_2000 = 10957;

bool is_moment(const LogicalType& type) noexcept {
  return type.kind == TypeKind::timestamp || type.kind == TypeKind::timestamptz;
}

KeyPlace place_of_number(std::int64_t number) noexcept {
  return middle + static_cast<KeyPlace>(static_cast<__int128>(number));
}

std::int64_t number_at(KeyPlace place) noexcept {
  return static_cast<std::int64_t>(static_cast<__int128>(place - middle));
}

std::optional<KeyPlace> place_of_integer(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || text.size() > most_digits) return std::nullopt;
  KeyPlace magnitude = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    magnitude = magnitude * 10 + static_cast<KeyPlace>(digit - '0');
  }
  return is_negative ? middle - magnitude : middle + magnitude;
}

std::string integer_at(KeyPlace place) {
  const bool is_negative = place < middle;
  KeyPlace magnitude = is_negative ? middle - place : place - middle;
  std::string text;
  do text += static_cast<char>('0' + static_cast<int>(magnitude % 10));
  while ((magnitude /= 10) != 0);
  if (is_negative) text += '-';
  std::ranges::reverse(text);
  return text;
}

std::optional<KeyPlace> place_of_uuid(std::string_view text) {
  KeyPlace place = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit && (c < 'a' || c > 'f')) return std::nullopt;
    place = place << 4 | static_cast<KeyPlace>(is_digit ? c - '0' : c - 'a' + 10);
    ++digits;
  }
  return digits == 32 ? std::optional(place) : std::nullopt;
}

std::string uuid_at(KeyPlace place) {
  std::string text;
  for (int digit = 31; digit >= 0; --digit) {
    text += "0123456789abcdef"[static_cast<std::size_t>(place >> (4 * digit) & 0xf)];
    if (digit == 24 || digit == 20 || digit == 16 || digit == 12) text += '-';
  }
  return text;
}

/// Microseconds between two timestamps that the type tells apart.
std::int64_t unit_of(const LogicalType& type) {
  std::int64_t unit = 1;
  for (int digits = type.length < 0 ? 6 : type.length; digits < 6; ++digits) unit *= 10;
  return unit;
}

/// Days, or units of the type, since 2000-01-01.
std::optional<std::int64_t> date_number(const LogicalType& type, std::string_view text) {
  const std::int64_t first_day = *days_of_date(1, 1, 1), last_day = *days_of_date(9999, 12, 31);
  const std::int64_t units = is_moment(type) ? microseconds_per_day / unit_of(type) : 1;
  const std::int64_t first = first_day * units, last = (last_day + 1) * units - 1;
  if (text == "-infinity" || text.ends_with(" BC")) return first;
  const std::size_t year_digits = text.find('-');
  if (text == "infinity" || (year_digits != std::string_view::npos && year_digits > 4)) return last;
  TextReader reader(text);
  const std::optional<std::int32_t> days = read_date(reader);
  if (!days) return std::nullopt;
  std::int64_t number = *days;
  if (is_moment(type)) {
    reader.expect(' ');
    const std::optional<std::int64_t> time = read_time(reader);
    if (!time) return std::nullopt;
    if (type.kind == TypeKind::timestamptz) reader.take("+00");
    number = number * units + *time / 1000 / unit_of(type);
  }
  return reader.at_end() ? std::optional(std::clamp(number, first, last)) : std::nullopt;
}

std::string date_text(const LogicalType& type, std::int64_t number) {
  using namespace std::chrono;
  const std::int64_t units = is_moment(type) ? microseconds_per_day / unit_of(type) : 1;
  const std::int64_t since_1970 = number + days_from_1970_to_2000 * units;
  const std::int64_t day = since_1970 >= 0 ? since_1970 / units : -((units - 1 - since_1970) / units);
  const year_month_day date{sys_days(days(day))};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  std::string result = text.data();
  if (!is_moment(type)) return result;
  const hh_mm_ss clock(microseconds((since_1970 - day * units) * unit_of(type)));
  std::snprintf(text.data(), text.size(), " %02d:%02d:%02d.%06d", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  result += text.data();
  result.erase(result.find_last_not_of('0') + 1);
  if (result.ends_with('.')) result.pop_back();
  return type.kind == TypeKind::timestamptz ? result + "+00" : result;
}

}  // namespace

bool has_places(const LogicalType& type) noexcept {
  switch (type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
    case TypeKind::uuid:
      return true;
    case TypeKind::numeric:
      return type.length > 0 && type.length <= static_cast<std::int32_t>(most_digits) && type.scale == 0;
    default:
      return false;
  }
}

std::optional<KeyPlace> place_of(const LogicalType& type, std::string_view value) {
  if (!has_places(type)) return std::nullopt;
  if (type.kind == TypeKind::uuid) return place_of_uuid(value);
  if (type.kind != TypeKind::date && !is_moment(type)) return place_of_integer(value);
  const std::optional<std::int64_t> number = date_number(type, value);
  return number ? std::optional(place_of_number(*number)) : std::nullopt;
}

std::string value_at(const LogicalType& type, KeyPlace place) {
  if (type.kind == TypeKind::uuid) return uuid_at(place);
  if (type.kind == TypeKind::date || is_moment(type)) return date_text(type, number_at(place));
  return integer_at(place);
}

}  // namespace connector::core
