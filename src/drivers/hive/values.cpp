#include "drivers/hive/values.hpp"

#include <limits>
#include <string>

#include "core/base/json.hpp"
#include "core/rows/date_text.hpp"
#include "drivers/hive/nested_text.hpp"

namespace connector::hive {

namespace {

/// A time of a day in nanoseconds.
std::optional<std::int64_t> read_time_of_day(core::TextReader& text) noexcept {
  const auto time = core::read_time(text);
  return time && *time < core::nanoseconds_per_day ? time : std::nullopt;
}

bool decode_json(std::string_view text, std::size_t column, core::RowBatch& batch) {
  std::string repaired;
  if (const auto json = nested_json(text, repaired)) {
    batch.set_bytes(column, *json);
    return true;
  }
  core::JsonValue string;
  string.type = core::JsonValue::Type::string;
  string.text = text;
  batch.set_bytes(column, core::json_text(string));
  return false;
}

void decode_decimal(std::string_view text, int scale, std::size_t column, core::RowBatch& batch) {
  if (!batch.set_numeric(column, text, scale)) batch.set_invalid(column, "is no decimal", text);
}

}  // namespace

std::optional<std::int32_t> parse_date(std::string_view text) noexcept {
  core::TextReader reader(text);
  const auto date = core::read_date(reader);
  return reader.at_end() ? date : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  core::TextReader reader(text);
  const auto date = core::read_date(reader);
  reader.expect(' ');
  const auto time = read_time_of_day(reader);
  if (!reader.at_end() || !date || !time) return std::nullopt;
  return *date * core::microseconds_per_day + core::rounded_microseconds(*time);
}

std::optional<std::int32_t> parse_months(std::string_view text) noexcept {
  core::TextReader reader(text);
  const bool negative = reader.take('-');
  const std::int64_t years = reader.digits(1, 9);
  reader.expect('-');
  const std::int64_t months = (years * 12 + reader.digits(1, 2)) * (negative ? -1 : 1);
  if (!reader.at_end() || months != static_cast<std::int32_t>(months)) return std::nullopt;
  return static_cast<std::int32_t>(months);
}

std::optional<DaysInterval> parse_days(std::string_view text) noexcept {
  core::TextReader reader(text);
  const bool negative = reader.take('-');
  const std::int64_t days = reader.digits(1, 10);
  reader.expect(' ');
  const auto time = read_time_of_day(reader);
  if (!reader.at_end() || !time || days > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  const int sign = negative ? -1 : 1;
  return DaysInterval{static_cast<std::int32_t>(sign * days), sign * core::rounded_microseconds(*time)};
}

bool decode_value(Decode decode, const core::LogicalType& type, const ResultColumn& from, std::size_t row,
                  std::size_t column, core::RowBatch& batch) {
  if (from.is_null(row)) {
    batch.set_null(column);
    return true;
  }
  switch (decode) {
    case Decode::boolean:
      batch.set_bool(column, from.integer(row) != 0);
      return true;
    case Decode::integer: {
      const std::int64_t value = from.integer(row);
      const bool fits = type.kind == core::TypeKind::int8 ||
                        (type.kind == core::TypeKind::int4 && value == static_cast<std::int32_t>(value)) ||
                        value == static_cast<std::int16_t>(value);
      if (fits) {
        batch.set_int(column, value);
      } else {
        batch.set_invalid(column, "is out of range", std::to_string(value));
      }
      return true;
    }
    case Decode::float4:
      batch.set_float4(column, static_cast<float>(from.float64(row)));
      return true;
    case Decode::float8:
      batch.set_float8(column, from.float64(row));
      return true;
    default:
      break;
  }
  const std::string_view text = from.text(row);
  switch (decode) {
    case Decode::decimal:
      decode_decimal(text, type.scale, column, batch);
      break;
    case Decode::date:
      if (const auto days = parse_date(text)) {
        batch.set_date(column, *days);
      } else {
        batch.set_invalid(column, "is no date that PostgreSQL has", text);
      }
      break;
    case Decode::timestamp:
      if (const auto microseconds = parse_timestamp(text)) {
        batch.set_microseconds(column, *microseconds);
      } else {
        batch.set_invalid(column, "is no timestamp that PostgreSQL has", text);
      }
      break;
    case Decode::months_interval:
      if (const auto months = parse_months(text)) {
        batch.set_interval(column, *months, 0, 0);
      } else {
        batch.set_invalid(column, "is no interval of years and months", text);
      }
      break;
    case Decode::days_interval:
      if (const auto interval = parse_days(text)) {
        batch.set_interval(column, 0, interval->days, interval->microseconds);
      } else {
        batch.set_invalid(column, "is no interval of days and seconds", text);
      }
      break;
    case Decode::json:
      return decode_json(text, column, batch);
    default:
      batch.set_bytes(column, text);
  }
  return true;
}

}  // namespace connector::hive
