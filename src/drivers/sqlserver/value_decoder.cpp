#include "drivers/sqlserver/value_decoder.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>

#include <sybfront.h>
#include <sybdb.h>

#include "core/rows/ewkb.hpp"
#include "drivers/sqlserver/errors.hpp"

namespace connector::sqlserver {

namespace {

constexpr std::int64_t microseconds_per_minute = 60'000'000;
constexpr std::int64_t minutes_per_day = 1440;
constexpr std::int64_t microseconds_per_day = minutes_per_day * microseconds_per_minute;
constexpr std::uint64_t ticks_per_microsecond = 10;
constexpr std::uint64_t ticks_per_day = 864'000'000'000;
constexpr std::int64_t datetime_ticks_per_second = 300;
constexpr std::int32_t days_1900_to_2000 = 36524;
/// 0001-01-01 and 9999-12-31 in days since 1900-01-01.
constexpr std::int32_t first_day = -693595, last_day = 2958463;
constexpr int money_scale = 4;
constexpr int max_precision = 38;
constexpr std::string_view out_of_range = "is out of range";

template <typename Struct>
Struct read(std::span<const unsigned char> bytes) {
  if (bytes.size() != sizeof(Struct)) throw_malformed("a value of the server has a wrong size");
  Struct value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

/// Bytes of the magnitude of a decimal with so many digits: the fewest that hold it (FreeTDS, src/tds/numeric.c).
constexpr std::array<std::uint8_t, max_precision + 1> magnitude_bytes() {
  std::array<std::uint8_t, max_precision + 1> bytes{};
  unsigned __int128 largest = 0;
  for (int precision = 1; precision <= max_precision; ++precision) {
    largest = largest * 10 + 9;
    for (unsigned __int128 rest = largest; rest != 0; rest >>= 8) ++bytes[static_cast<std::size_t>(precision)];
  }
  return bytes;
}

constexpr std::array<unsigned __int128, max_precision + 1> powers_of_ten() {
  std::array<unsigned __int128, max_precision + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}

std::string decimal_text(bool negative, unsigned __int128 magnitude, int scale) {
  std::string text;
  for (int digits = 0; magnitude != 0 || digits <= scale; ++digits, magnitude /= 10) {
    if (digits == scale && scale > 0) text += '.';
    text += static_cast<char>('0' + static_cast<int>(magnitude % 10));
  }
  if (negative) text += '-';
  return {text.rbegin(), text.rend()};
}

/// Brings an unscaled number to another scale; nothing if digits would be lost, or it has more than `max_digits` then.
std::optional<unsigned __int128> rescaled(unsigned __int128 magnitude, int from, int to, int max_digits) {
  static constexpr auto powers = powers_of_ten();
  const auto power = [](int exponent) { return powers[static_cast<std::size_t>(exponent)]; };
  if (to < from) {
    if (magnitude % power(from - to) != 0) return std::nullopt;
    magnitude /= power(from - to);
  } else {
    if (magnitude >= power(max_precision - (to - from))) return std::nullopt;
    magnitude *= power(to - from);
  }
  if (magnitude >= power(max_digits)) return std::nullopt;
  return magnitude;
}

/// As the column's type has it: with its scale, and never beyond its precision, whatever the server says and sends.
void decode_numeric(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  static constexpr auto sizes = magnitude_bytes();
  const auto value = read<DBNUMERIC>(bytes);
  if (value.precision < 1 || value.precision > max_precision || value.scale > value.precision) {
    throw_malformed("a decimal of the server has no valid precision");
  }
  // The sign, then the magnitude from its highest byte on.
  unsigned __int128 magnitude = 0;
  for (std::size_t i = 1; i <= sizes[value.precision]; ++i) magnitude = magnitude << 8 | value.array[i];
  const bool negative = value.array[0] != 0;
  const core::LogicalType& type = batch.column(column).type;
  const bool is_bound = type.kind == core::TypeKind::numeric && type.length > 0;
  const int scale = is_bound ? type.scale : value.scale;
  const auto stored = rescaled(magnitude, value.scale, scale, is_bound ? type.length : max_precision);
  if (!stored) {
    return batch.set_invalid(column, "does not fit in the column's precision and scale",
                             decimal_text(negative, magnitude, value.scale));
  }
  const auto unscaled = static_cast<__int128>(*stored);
  batch.set_numeric(column, negative ? -unscaled : unscaled, scale);
}

void decode_datetime(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  const auto value = read<DBDATETIME>(bytes);
  // In ticks of 1/300 s, which the server shows as milliseconds.
  const std::int64_t milliseconds =
      (static_cast<std::int64_t>(value.dttime) * 1000 + datetime_ticks_per_second / 2) / datetime_ticks_per_second;
  if (value.dttime < 0 || milliseconds >= microseconds_per_day / 1000 || value.dtdays < first_day ||
      value.dtdays > last_day) {
    return batch.set_invalid(
        column, out_of_range,
        "day " + std::to_string(value.dtdays) + " since 1900-01-01, 1/300 second " + std::to_string(value.dttime));
  }
  batch.set_microseconds(column, (value.dtdays - days_1900_to_2000) * microseconds_per_day + milliseconds * 1000);
}

/// A moment; the last one of the last day is cut instead of rounded, as the server's cast does.
std::int64_t moment(const DBDATETIMEALL& value) {
  const std::int64_t rounded =
      static_cast<std::int64_t>((value.time + ticks_per_microsecond / 2) / ticks_per_microsecond);
  const std::int64_t of_day =
      value.date == last_day && rounded == microseconds_per_day ? microseconds_per_day - 1 : rounded;
  return (value.date - days_1900_to_2000) * microseconds_per_day + of_day;
}

void decode_new_date(Decode decode, std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  const auto value = read<DBDATETIMEALL>(bytes);
  const bool has_date = decode != Decode::time;
  // Babelfish rounds a time up to 24:00:00, which PostgreSQL has, too.
  const bool is_end_of_day = decode == Decode::time && value.time == ticks_per_day;
  const bool valid = (!has_date || (value.date >= first_day && value.date <= last_day)) &&
                     (decode == Decode::date || value.time < ticks_per_day || is_end_of_day);
  if (!valid) {
    const std::string day = has_date ? "day " + std::to_string(value.date) + " since 1900-01-01, " : "";
    return batch.set_invalid(column, out_of_range, day + std::to_string(value.time) + " times 100 ns");
  }
  if (decode == Decode::date) return batch.set_date(column, value.date - days_1900_to_2000);
  if (is_end_of_day) return batch.set_microseconds(column, microseconds_per_day);
  if (decode == Decode::time) return batch.set_microseconds(column, round_time(value.time));
  // The time of a datetimeoffset is in UTC ([MS-TDS], "Date/Times").
  batch.set_microseconds(column, moment(value));
}

/// On the wire the first three groups are little-endian numbers.
void decode_uuid(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  if (bytes.size() != 16) throw_malformed("a uniqueidentifier of the server has a wrong size");
  static constexpr std::array<std::uint8_t, 16> order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::array<unsigned char, 16> ordered{};
  for (std::size_t i = 0; i < ordered.size(); ++i) ordered[i] = bytes[order[i]];
  if constexpr (std::endian::native == std::endian::big) std::memcpy(ordered.data(), bytes.data(), ordered.size());
  batch.set_uuid(column, ordered);
}

std::string_view text_of(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void decode_geometry(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  constexpr std::size_t srid_bytes = 4;
  if (bytes.size() < srid_bytes) return batch.set_invalid(column, "is no geometry", text_of(bytes));
  std::uint32_t srid = 0;
  for (std::size_t i = 0; i < srid_bytes; ++i) srid = srid << 8 | bytes[i];
  core::set_ewkb(batch, column, srid, text_of(bytes.subspan(srid_bytes)));
}

}  // namespace

void set_digits(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  static constexpr char digits[] = "0123456789ABCDEF";
  char* to = batch.reserve_bytes(column, 2 + 2 * bytes.size());
  *to++ = '0';
  *to++ = 'x';
  for (const unsigned char byte : bytes) {
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 15];
  }
}

std::int64_t round_time(std::uint64_t ticks) noexcept {
  const auto rounded = static_cast<std::int64_t>((ticks + ticks_per_microsecond / 2) / ticks_per_microsecond);
  return rounded % microseconds_per_day;
}

void decode_value(Decode decode, std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch) {
  switch (decode) {
    case Decode::boolean:
      return batch.set_bool(column, read<DBBIT>(bytes) != 0);
    case Decode::uint8:
      return batch.set_int(column, read<DBTINYINT>(bytes));
    case Decode::int16:
      return batch.set_int(column, read<DBSMALLINT>(bytes));
    case Decode::int32:
      return batch.set_int(column, read<DBINT>(bytes));
    case Decode::int64:
      return batch.set_int(column, read<DBBIGINT>(bytes));
    case Decode::float4:
      return batch.set_float4(column, read<DBREAL>(bytes));
    case Decode::float8:
      return batch.set_float8(column, read<DBFLT8>(bytes));
    case Decode::money4:
      return batch.set_numeric(column, static_cast<__int128>(read<DBMONEY4>(bytes).mny4), money_scale);
    case Decode::money8: {
      const auto money = read<DBMONEY>(bytes);
      const std::int64_t unscaled = static_cast<std::int64_t>(
          static_cast<std::uint64_t>(static_cast<std::uint32_t>(money.mnyhigh)) << 32 | money.mnylow);
      return batch.set_numeric(column, static_cast<__int128>(unscaled), money_scale);
    }
    case Decode::numeric:
      return decode_numeric(bytes, column, batch);
    case Decode::smalldatetime: {
      const auto value = read<DBDATETIME4>(bytes);
      if (value.minutes >= minutes_per_day) {
        return batch.set_invalid(column, out_of_range, std::to_string(value.minutes) + " minutes of a day");
      }
      return batch.set_microseconds(
          column, (value.days - days_1900_to_2000) * microseconds_per_day + value.minutes * microseconds_per_minute);
    }
    case Decode::datetime:
      return decode_datetime(bytes, column, batch);
    case Decode::date:
    case Decode::time:
    case Decode::datetime2:
    case Decode::datetimeoffset:
      return decode_new_date(decode, bytes, column, batch);
    case Decode::uuid:
      return decode_uuid(bytes, column, batch);
    case Decode::geometry:
      return decode_geometry(bytes, column, batch);
    case Decode::text:
    case Decode::bytes:
      return batch.set_bytes(column, text_of(bytes));
  }
}

}  // namespace connector::sqlserver
