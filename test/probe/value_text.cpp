#include "value_text.hpp"

#include <bit>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string_view>

#include "core/remote/dialect.hpp"
#include "core/rows/numeric.hpp"

namespace connector::probe {

namespace {

using namespace connector::core;

std::string_view payload_of(std::uint64_t value) {
  const auto payload = varlena_payload(value);
  return {payload.data(), payload.size()};
}

std::string padded(std::int64_t number, int digits) {
  char text[32];
  return {text,
          static_cast<std::size_t>(std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(number)))};
}

/// The stored form is described in src/backend/utils/adt/numeric.c.
std::string numeric_text(std::string_view payload) {
  std::vector<std::uint16_t> words(payload.size() / 2);
  std::memcpy(words.data(), payload.data(), words.size() * 2);
  const std::uint16_t header = words.at(0);
  if (header == static_cast<std::uint16_t>(NumericSpecial::nan)) return "NaN";
  if (header == static_cast<std::uint16_t>(NumericSpecial::infinity)) return "Infinity";
  if (header == static_cast<std::uint16_t>(NumericSpecial::minus_infinity)) return "-Infinity";
  const bool is_short = (header & 0x8000) != 0;
  const int scale = is_short ? (header & 0x1f80) >> 7 : header & 0x3fff;
  const bool is_negative = is_short ? (header & 0x2000) != 0 : (header & 0xc000) == 0x4000;
  int weight = is_short ? header & 0x3f : static_cast<std::int16_t>(words.at(1));
  if (is_short && (header & 0x40) != 0) weight -= 0x40;
  const std::size_t first = is_short ? 1 : 2;
  const auto group = [&](int place) {
    const int index = weight - place;
    const std::size_t at = first + static_cast<std::size_t>(index);
    return padded(index < 0 || at >= words.size() ? 0 : words[at], 4);
  };
  std::string whole, fraction;
  for (int place = std::max(weight, 0); place >= 0; --place) whole += group(place);
  for (int place = -1; static_cast<int>(fraction.size()) < scale; --place) fraction += group(place);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  fraction.resize(static_cast<std::size_t>(scale));
  return (is_negative ? "-" : "") + whole + (scale > 0 ? "." : "") + fraction;
}

/// `infinity` and `-infinity` are the last and the first number; empty if it is neither.
template <typename Integer>
std::string infinite_text(std::int64_t value) {
  if (value == std::numeric_limits<Integer>::max()) return "infinity";
  return value == std::numeric_limits<Integer>::min() ? "-infinity" : "";
}

std::string date_text(std::int64_t days, bool& is_before_christ) {
  using namespace std::chrono;
  const year_month_day date{sys_days{2000y / January / 1d} + std::chrono::days(days)};
  const int year = static_cast<int>(date.year());
  is_before_christ = year <= 0;
  return padded(is_before_christ ? 1 - year : year, 4) + '-' + padded(static_cast<unsigned>(date.month()), 2) + '-' +
         padded(static_cast<unsigned>(date.day()), 2);
}

std::string time_text(std::int64_t microseconds) {
  const std::int64_t seconds = microseconds / 1'000'000;
  std::string text = padded(seconds / 3600, 2) + ':' + padded(seconds / 60 % 60, 2) + ':' + padded(seconds % 60, 2);
  if (microseconds % 1'000'000 != 0) {
    text += '.' + padded(microseconds % 1'000'000, 6);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

std::string moment_text(std::int64_t microseconds, bool has_zone) {
  if (const std::string text = infinite_text<std::int64_t>(microseconds); !text.empty()) return text;
  constexpr std::int64_t day = 86'400'000'000;
  const std::int64_t time = (microseconds % day + day) % day;
  bool is_before_christ = false;
  const std::string date = date_text((microseconds - time) / day, is_before_christ);
  return date + ' ' + time_text(time) + (has_zone ? "+00" : "") + (is_before_christ ? " BC" : "");
}

std::string bits_text(std::string_view payload) {
  std::int32_t bits = 0;
  std::memcpy(&bits, payload.data(), sizeof bits);
  std::string text;
  for (std::size_t i = 0; i < static_cast<std::size_t>(bits); ++i) {
    const auto byte = static_cast<unsigned char>(payload[sizeof bits + i / 8]);
    text += (byte >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  return text;
}

template <typename Float>
std::string float_text(Float value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string bytes_text(std::string_view bytes) {
  return "\\x" + hexadecimal(bytes);
}

std::string interval_text(const char* stored) {
  std::int64_t microseconds = 0;
  std::int32_t days = 0, months = 0;
  std::memcpy(&microseconds, stored, 8);
  std::memcpy(&days, stored + 8, 4);
  std::memcpy(&months, stored + 12, 4);
  return std::to_string(months) + ' ' + std::to_string(days) + ' ' + std::to_string(microseconds);
}

std::string uuid_text(const char* stored) {
  std::string text = hexadecimal({stored, 16});
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return text;
}

}  // namespace

std::string value_text(const BatchColumn& column, std::uint64_t value) {
  if (column.form == ValueForm::receive) return bytes_text(payload_of(value));
  if (column.form == ValueForm::text) {
    return column.encoding == "UTF8" ? std::string(payload_of(value)) : bytes_text(payload_of(value));
  }
  const auto integer = static_cast<std::int64_t>(value);
  const auto* stored = reinterpret_cast<const char*>(static_cast<std::uintptr_t>(value));
  bool is_before_christ = false;
  switch (column.type.kind) {
    case TypeKind::boolean:
      return integer != 0 ? "true" : "false";
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
      return std::to_string(integer);
    case TypeKind::float4:
      return float_text(std::bit_cast<float>(static_cast<std::int32_t>(integer)));
    case TypeKind::float8:
      return float_text(std::bit_cast<double>(value));
    case TypeKind::numeric:
      return numeric_text(payload_of(value));
    case TypeKind::date: {
      const auto days = static_cast<std::int32_t>(integer);
      if (const std::string infinite = infinite_text<std::int32_t>(days); !infinite.empty()) return infinite;
      const std::string text = date_text(days, is_before_christ);
      return is_before_christ ? text + " BC" : text;
    }
    case TypeKind::time:
      return time_text(integer);
    case TypeKind::timestamp:
      return moment_text(integer, false);
    case TypeKind::timestamptz:
      return moment_text(integer, true);
    case TypeKind::interval:
      return interval_text(stored);
    case TypeKind::uuid:
      return uuid_text(stored);
    case TypeKind::bit:
    case TypeKind::varbit:
      return bits_text(payload_of(value));
    default:
      return bytes_text(payload_of(value));
  }
}

}  // namespace connector::probe
