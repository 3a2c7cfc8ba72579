#include "drivers/mysql/row_decoder.hpp"

#include <bit>
#include <cstdio>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/rows/bit_text.hpp"
#include "core/rows/decimal_text.hpp"
#include "drivers/mysql/errors.hpp"
#include "drivers/mysql/geometry.hpp"

namespace connector::mysql {

namespace {

constexpr std::int64_t second = 1000000;
constexpr std::int64_t day = 86400 * second;
constexpr std::int32_t days_to_2000 = 10957;  // 1970-01-01 to 2000-01-01, PostgreSQL's day 0

bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int year, int month) {
  static constexpr std::uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/// Days since 2000-01-01 of a date that exists in the proleptic Gregorian calendar, year 0 = 1 BC.
std::int32_t day_number(int year, int month, int day_of_month) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day_of_month))};
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count()) - days_to_2000;
}

struct DateTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::uint32_t microsecond = 0;

  std::string text(bool with_time) const {
    char buffer[64];
    if (!with_time) {
      std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d", year, month, day);
    } else if (microsecond == 0) {
      std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, hour, minute, second);
    } else {
      std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02d %02d:%02d:%02d.%06u", year, month, day, hour, minute, second,
                    microsecond);
    }
    return buffer;
  }
};

/// Nothing on the wire is below the range of int8.
void out_of_range(const WireColumn& column, __int128 value, core::RowBatch& batch) {
  batch.set_invalid(
      column.target, "is out of range",
      value < 0 ? std::to_string(static_cast<std::int64_t>(value)) : std::to_string(static_cast<std::uint64_t>(value)));
}

}  // namespace

/// The bytes of a row, from front to back.
class RowDecoder::Reader {
 public:
  explicit Reader(std::span<const unsigned char> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  template <typename Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value), sizeof value);
    if constexpr (std::endian::native == std::endian::big && sizeof value > 1) {
      auto* bytes = reinterpret_cast<unsigned char*>(&value);
      for (std::size_t i = 0; i < sizeof value / 2; ++i) std::swap(bytes[i], bytes[sizeof value - 1 - i]);
    }
    return value;
  }

  /// A value with its length in front.
  std::string_view sized() {
    const std::size_t size = length();
    return {reinterpret_cast<const char*>(take(size)), size};
  }

  bool at_end() const noexcept { return at_ == end_; }

  const unsigned char* take(std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - at_)) throw_malformed("a row of the server ends too early");
    const unsigned char* taken = at_;
    at_ += size;
    return taken;
  }

 private:
  /// Length-encoded integer: one byte up to 250, or the number of bytes that follow.
  std::size_t length() {
    const auto first = number<std::uint8_t>();
    if (first < 0xfb) return first;
    if (first == 0xfc) return number<std::uint16_t>();
    if (first == 0xfd) {
      const unsigned char* bytes = take(3);
      return static_cast<std::size_t>(bytes[0] | bytes[1] << 8 | bytes[2] << 16);
    }
    if (first == 0xfe) return number<std::uint64_t>();
    throw_malformed("a value of the server has no valid length");
  }

  const unsigned char* at_;
  const unsigned char* end_;
};

RowDecoder::RowDecoder(std::vector<WireColumn> columns, std::size_t batch_columns, core::InvalidValues zero_dates)
    : columns_(std::move(columns)),
      null_bytes_((columns_.size() + 2 + 7) / 8),
      zero_dates_(zero_dates),
      zero_date_counts_(batch_columns),
      other_truth_counts_(batch_columns) {}

void RowDecoder::decode(std::span<const unsigned char> packet, core::RowBatch& batch) {
  Reader reader(packet);
  if (reader.number<std::uint8_t>() != 0) throw_malformed("a row of the server does not begin like one");
  const unsigned char* nulls = reader.take(null_bytes_);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const WireColumn& column = columns_[i];
    const std::size_t bit = i + 2;
    if ((nulls[bit / 8] >> (bit % 8) & 1) == 0) {
      value(column, reader, batch);
    } else if (column.target != WireColumn::skipped) {
      batch.set_null(column.target);
    }
  }
  if (!reader.at_end()) throw_malformed("a row of the server is longer than its columns");
  batch.finish_row();
}

void RowDecoder::value(const WireColumn& column, Reader& reader, core::RowBatch& batch) {
  const std::size_t target = column.target;
  const bool wanted = target != WireColumn::skipped;
  const auto store_int = [&](std::int64_t value) {
    if (!wanted) return;
    if (column.is_truth) return truth(column, value, batch);
    if (column.integer_kind) return integer(column, value, batch);
    batch.set_int(target, value);
  };
  switch (column.decode) {
    case Decode::null:
      if (wanted) batch.set_null(target);
      return;
    case Decode::int8:
      return store_int(reader.number<std::int8_t>());
    case Decode::uint8:
      return store_int(reader.number<std::uint8_t>());
    case Decode::int16:
      return store_int(reader.number<std::int16_t>());
    case Decode::uint16:
      return store_int(reader.number<std::uint16_t>());
    case Decode::int32:
      return store_int(reader.number<std::int32_t>());
    case Decode::uint32:
      return store_int(reader.number<std::uint32_t>());
    case Decode::int64:
      return store_int(reader.number<std::int64_t>());
    case Decode::uint64: {
      const auto number = reader.number<std::uint64_t>();
      if (!wanted) return;
      return column.is_truth ? truth(column, number, batch) : integer(column, number, batch);
    }
    case Decode::float4: {
      const auto number = reader.number<float>();
      if (wanted) batch.set_float4(target, number);
      return;
    }
    case Decode::float8: {
      const auto number = reader.number<double>();
      if (wanted) batch.set_float8(target, number);
      return;
    }
    case Decode::date:
    case Decode::datetime:
      return date(column, reader, batch);
    case Decode::time:
    case Decode::time_interval:
    case Decode::time_text:
      return time(column, reader, batch);
    default:
      break;
  }
  const std::string_view bytes = reader.sized();
  if (!wanted) return;
  switch (column.decode) {
    case Decode::decimal:
      if (!core::set_decimal(batch, target, bytes, column.precision, column.scale, core::ExcessDigits::round)) {
        throw_malformed("a decimal of the server is no number");
      }
      return;
    case Decode::boolean:
    case Decode::bits: {
      const auto number = core::bits_from_bytes(bytes, column.bits);
      if (!number) throw_malformed("a bit of the server has a wrong size");
      return RowDecoder::bits(column, *number, batch);
    }
    case Decode::expression_bits:
      return expression_bits(column, bytes, batch);
    case Decode::wide_text:
      return wide_text(column, bytes, batch);
    case Decode::geometry:
      return set_geometry(batch, target, bytes);
    default:
      return batch.set_bytes(target, bytes);
  }
}

void RowDecoder::truth(const WireColumn& column, __int128 value, core::RowBatch& batch) {
  batch.set_bool(column.target, value != 0);
  if (value != 0 && value != 1) ++other_truth_counts_[column.target];
}

void RowDecoder::integer(const WireColumn& column, __int128 value, core::RowBatch& batch) {
  int bits = 0;
  switch (column.integer_kind.value_or(core::TypeKind::numeric)) {
    case core::TypeKind::int2:
      bits = 16;
      break;
    case core::TypeKind::int4:
      bits = 32;
      break;
    case core::TypeKind::int8:
      bits = 64;
      break;
    case core::TypeKind::boolean:
    case core::TypeKind::bit:
      // MySQL 5.6 sends the highest of 64 bits as a sign.
      if ((value >= 0 && value >> column.bits == 0) || (value < 0 && column.bits == 64)) {
        return RowDecoder::bits(column, static_cast<std::uint64_t>(value), batch);
      }
      return out_of_range(column, value, batch);
    default:
      return batch.set_numeric(column.target, value, 0);
  }
  const __int128 limit = static_cast<__int128>(1) << (bits - 1);
  if (value >= -limit && value < limit) return batch.set_int(column.target, static_cast<std::int64_t>(value));
  out_of_range(column, value, batch);
}

void RowDecoder::bits(const WireColumn& column, std::uint64_t number, core::RowBatch& batch) {
  if (batch.column(column.target).type.kind == core::TypeKind::boolean)
    return batch.set_bool(column.target, number != 0);
  core::set_bit_string(batch, column.target, number, column.bits);
}

void RowDecoder::expression_bits(const WireColumn& column, std::string_view bytes, core::RowBatch& batch) {
  const auto as_bits = core::bits_from_bytes(bytes, column.bits);
  const auto as_digits = core::bits_from_digits(bytes, column.bits);
  if (as_bits.has_value() == as_digits.has_value()) {
    return batch.set_invalid(
        column.target,
        "the server does not tell whether these are the bits, or the digits of their number (add 0 "
        "to the expression in \"sql_query\")",
        bytes);
  }
  bits(column, as_bits ? *as_bits : *as_digits, batch);
}

/// DATE, DATETIME, TIMESTAMP: a length byte of 0 (all is zero), 4 (no time), 7 or 11 (with microseconds).
void RowDecoder::date(const WireColumn& column, Reader& reader, core::RowBatch& batch) {
  const auto size = reader.number<std::uint8_t>();
  if (size != 0 && size != 4 && size != 7 && size != 11) throw_malformed("a date of the server has a wrong size");
  DateTime value;
  if (size >= 4) {
    value.year = reader.number<std::uint16_t>();
    value.month = reader.number<std::uint8_t>();
    value.day = reader.number<std::uint8_t>();
  }
  if (size >= 7) {
    value.hour = reader.number<std::uint8_t>();
    value.minute = reader.number<std::uint8_t>();
    value.second = reader.number<std::uint8_t>();
  }
  if (size == 11) value.microsecond = reader.number<std::uint32_t>();
  if (column.target == WireColumn::skipped) return;
  const bool with_time = column.decode == Decode::datetime;
  if (value.month == 0 || value.day == 0) return zero_date(column, batch, value.text(with_time));
  if (value.year > 9999 || value.month > 12 || value.day > days_in_month(value.year, value.month) || value.hour > 23 ||
      value.minute > 59 || value.second > 59 || value.microsecond > 999999) {
    return batch.set_invalid(column.target, "is no date that exists", value.text(with_time));
  }
  const std::int32_t days = day_number(value.year, value.month, value.day);
  if (!with_time) return batch.set_date(column.target, days);
  batch.set_microseconds(
      column.target, days * day + (value.hour * 3600 + value.minute * 60 + value.second) * second + value.microsecond);
}

/// TIME: a length byte of 0, 8 or 12; sign, days, hours, minutes, seconds, microseconds.
void RowDecoder::time(const WireColumn& column, Reader& reader, core::RowBatch& batch) {
  const auto size = reader.number<std::uint8_t>();
  if (size != 0 && size != 8 && size != 12) throw_malformed("a time of the server has a wrong size");
  bool negative = false;
  std::uint32_t days = 0, microsecond = 0;
  std::uint32_t hour = 0, minute = 0, seconds = 0;
  if (size >= 8) {
    negative = reader.number<std::uint8_t>() != 0;
    days = reader.number<std::uint32_t>();
    hour = reader.number<std::uint8_t>();
    minute = reader.number<std::uint8_t>();
    seconds = reader.number<std::uint8_t>();
  }
  if (size == 12) microsecond = reader.number<std::uint32_t>();
  if (column.target == WireColumn::skipped) return;
  if (days > 100 || hour > 23 || minute > 59 || seconds > 59 || microsecond > 999999) {
    throw_malformed("a time of the server is out of range");  // MySQL's own range is ±838:59:59
  }
  const std::int64_t magnitude =
      days * day + (static_cast<std::int64_t>(hour) * 3600 + minute * 60 + seconds) * second + microsecond;
  const std::int64_t value = negative ? -magnitude : magnitude;
  if (column.decode == Decode::time_interval) return batch.set_interval(column.target, 0, 0, value);
  const bool as_text = column.decode == Decode::time_text;
  if (!as_text && value >= 0 && value <= day) return batch.set_microseconds(column.target, value);
  char shown[64];
  const int whole =
      std::snprintf(shown, sizeof shown, "%s%02u:%02u:%02u", negative ? "-" : "", days * 24 + hour, minute, seconds);
  auto written = static_cast<std::size_t>(whole);
  const std::size_t digits = microsecond != 0 && !as_text ? 6 : static_cast<std::size_t>(column.digits);
  if (digits > 0) {
    std::snprintf(shown + written, sizeof shown - written, ".%06u", microsecond);
    written += 1 + digits;
  }
  if (as_text) return batch.set_bytes(column.target, {shown, written});
  batch.set_invalid(column.target, "is outside of 00:00 to 24:00", {shown, written});
}

void RowDecoder::wide_text(const WireColumn& column, std::string_view bytes, core::RowBatch& batch) {
  converted_.clear();
  if (append_utf8(converted_, bytes, column.wide)) return batch.set_bytes(column.target, converted_);
  batch.set_invalid(column.target, "text is not valid in the column's character set", bytes,
                    core::ErrorNumber::encoding);
}

void RowDecoder::zero_date(const WireColumn& column, core::RowBatch& batch, std::string_view shown) {
  if (zero_dates_ == core::InvalidValues::null) {
    batch.set_null(column.target);
    ++zero_date_counts_[column.target];
    return;
  }
  throw core::Error(core::ErrorNumber::cannot_load,
                    "column " + core::quoted(batch.column(column.target).name) + ", row " +
                        std::to_string(batch.rows_before() + batch.rows() + 1) +
                        ": zero or partial date: " + core::quoted(shown),
                    "Provider mysql, phase convert.", "To load such dates as NULL, set \"zero_dates\" to \"null\".");
}

}  // namespace connector::mysql
