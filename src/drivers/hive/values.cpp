#include "drivers/hive/values.hpp"

#include <chrono>
#include <limits>
#include <string>

#include "core/base/json.hpp"
#include "drivers/hive/nested_text.hpp"

namespace connector::hive {

namespace {

constexpr std::int64_t microseconds_per_second = 1'000'000;
constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;
constexpr std::int32_t days_to_2000 = 10957;  // from 1970-01-01
constexpr int fraction_digits = 9;

/// PostgreSQL's dates begin with 4713 BC (Julian day 0, in November), and the calendar's arithmetic ends before those.
constexpr int first_year = -4712, last_year = 32767;

/// Text from front to back; a step that fails makes all later ones fail.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : text_(text) {}

  bool take(char c) noexcept {
    const bool there = ok_ && !text_.empty() && text_.front() == c;
    if (there) text_.remove_prefix(1);
    return there;
  }
  void expect(char c) noexcept { ok_ = take(c); }
  /// A number of `least` to `most` digits.
  std::int64_t digits(std::size_t least, std::size_t most, std::size_t* count = nullptr) noexcept {
    std::int64_t value = 0;
    std::size_t size = 0;
    while (size < most && size < text_.size() && text_[size] >= '0' && text_[size] <= '9') {
      value = value * 10 + (text_[size++] - '0');
    }
    if (size < least) ok_ = false;
    text_.remove_prefix(size);
    if (count != nullptr) *count = size;
    return value;
  }
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

std::optional<std::int32_t> read_date(Reader& text) noexcept {
  const bool negative = text.take('-');
  if (!negative) text.take('+');
  const auto year = static_cast<int>(text.digits(4, 6)) * (negative ? -1 : 1);
  text.expect('-');
  const auto month = static_cast<unsigned>(text.digits(2, 2));
  text.expect('-');
  const auto day = static_cast<unsigned>(text.digits(2, 2));
  if (!text.ok() || year < first_year || year > last_year) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count()) - days_to_2000;
}

/// `HH:MM:SS[.fraction]`, rounded to microseconds.
std::optional<std::int64_t> read_time(Reader& text) noexcept {
  const std::int64_t hour = text.digits(2, 2);
  text.expect(':');
  const std::int64_t minute = text.digits(2, 2);
  text.expect(':');
  const std::int64_t second = text.digits(2, 2);
  std::int64_t nanoseconds = 0;
  if (text.take('.')) {
    std::size_t count = 0;
    nanoseconds = text.digits(1, fraction_digits, &count);
    for (; count < fraction_digits; ++count) nanoseconds *= 10;
  }
  if (!text.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * microseconds_per_second + (nanoseconds + 500) / 1000;
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
  Reader reader(text);
  const auto date = read_date(reader);
  return reader.at_end() ? date : std::nullopt;
}

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  Reader reader(text);
  const auto date = read_date(reader);
  reader.expect(' ');
  const auto time = read_time(reader);
  if (!reader.at_end() || !date || !time) return std::nullopt;
  return *date * microseconds_per_day + *time;
}

std::optional<std::int32_t> parse_months(std::string_view text) noexcept {
  Reader reader(text);
  const bool negative = reader.take('-');
  const std::int64_t years = reader.digits(1, 9);
  reader.expect('-');
  const std::int64_t months = (years * 12 + reader.digits(1, 2)) * (negative ? -1 : 1);
  if (!reader.at_end() || months != static_cast<std::int32_t>(months)) return std::nullopt;
  return static_cast<std::int32_t>(months);
}

std::optional<DaysInterval> parse_days(std::string_view text) noexcept {
  Reader reader(text);
  const bool negative = reader.take('-');
  const std::int64_t days = reader.digits(1, 10);
  reader.expect(' ');
  const auto time = read_time(reader);
  if (!reader.at_end() || !time || days > std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  const int sign = negative ? -1 : 1;
  return DaysInterval{static_cast<std::int32_t>(sign * days), sign * *time};
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
