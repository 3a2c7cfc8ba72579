#include "drivers/odbc/time_values.hpp"

#include <cstdio>
#include <limits>
#include <optional>
#include <string>

#include "core/rows/date_text.hpp"

namespace connector::odbc {

namespace {

using core::nanoseconds_per_day;
using core::TextReader;

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::int64_t microseconds_per_minute = 60 * core::microseconds_per_second;
constexpr std::string_view no_date = "is no date that PostgreSQL has";
constexpr std::string_view no_time = "is no time from 00:00 to 24:00";
constexpr std::string_view no_timestamp = "is no timestamp that PostgreSQL has";
constexpr std::string_view no_interval = "is no interval of the column's fields";

template <typename... Numbers>
std::string shown(const char* format, Numbers... numbers) {
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, format, static_cast<int>(numbers)...);
  return buffer;
}

/// ODBC's years begin with 1: what drivers mean by others differs.
std::optional<std::int32_t> days_of(SQLSMALLINT year, SQLUSMALLINT month, SQLUSMALLINT day) {
  return year >= 1 ? core::days_of_date(year, month, day) : std::nullopt;
}

std::int64_t counted_microseconds(std::int64_t nanoseconds, std::size_t column, Counts& counts) {
  if (nanoseconds % 1000 != 0) ++counts.rounded_times[column];
  return core::rounded_microseconds(nanoseconds);
}

void set_date_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch) {
  TextReader reader(text);
  const auto days = core::read_date(reader);
  if (!days || !reader.at_end()) return batch.set_invalid(decoder.column, no_date, text);
  batch.set_date(decoder.column, *days);
}

void set_clock_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch, Counts& counts) {
  constexpr std::size_t most_hour_digits = 7;
  const bool is_interval = decoder.decode == Decode::time_interval_text;
  TextReader reader(text);
  const bool negative = reader.take('-');
  const auto time = core::read_time(reader, most_hour_digits);
  if (!time || !reader.at_end() || (!is_interval && (negative || *time > nanoseconds_per_day))) {
    return batch.set_invalid(decoder.column, is_interval ? no_interval : no_time, text);
  }
  const std::int64_t microseconds = counted_microseconds(*time, decoder.column, counts);
  if (is_interval) return batch.set_interval(decoder.column, 0, 0, negative ? -microseconds : microseconds);
  batch.set_microseconds(decoder.column, microseconds);
}

/// ` +HH:MM` behind a moment, in microseconds east of UTC; without the blank, too.
std::optional<std::int64_t> read_offset(TextReader& reader) {
  reader.take(' ');
  const bool west = reader.take('-');
  if (!west) reader.expect('+');
  const std::int64_t hours = reader.digits(2, 2);
  reader.expect(':');
  const std::int64_t minutes = reader.digits(2, 2);
  if (!reader.ok() || minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (hours * 60 + minutes) * microseconds_per_minute;
}

/// psqlodbc writes `-infinity` and `infinity` so. The former is before PostgreSQL's first day, so it is nothing else;
/// the latter is a moment that PostgreSQL has, too.
constexpr std::string_view minus_infinity = "9999-01-01 00:00:00 BC", last_moment = "9999-12-31 23:59:59";

void set_timestamp_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch, Counts& counts) {
  const bool of_postgres = decoder.database == Database::postgres;
  if (of_postgres && text == minus_infinity) {
    return batch.set_microseconds(decoder.column, std::numeric_limits<std::int64_t>::min());
  }
  if (of_postgres && text == last_moment) ++counts.last_moments[decoder.column];
  constexpr std::string_view era = " BC";
  const bool before_christ = of_postgres && text.ends_with(era);
  TextReader reader(text.substr(0, text.size() - (before_christ ? era.size() : 0)));
  const auto days = core::read_date(reader, before_christ);
  std::optional<std::int64_t> time = 0;
  if (!reader.at_end()) {
    if (!reader.take('T')) reader.expect(' ');
    time = core::read_time(reader);
  }
  std::optional<std::int64_t> offset = 0;
  if (decoder.decode == Decode::offset_timestamp_text) offset = read_offset(reader);
  if (!days || !time || *time >= nanoseconds_per_day || !offset || !reader.at_end()) {
    return batch.set_invalid(decoder.column, no_timestamp, text);
  }
  batch.set_microseconds(decoder.column, *days * core::microseconds_per_day +
                                             counted_microseconds(*time, decoder.column, counts) - *offset);
}

/// The fields of an interval, from the first to the last of its type. The numbers are those that SQL's codes of
/// intervals have, less 100: sqlext.h, SQL_CODE_YEAR and the following.
struct Fields {
  int first;  ///< 0: years, 1: months, 2: days, 3: hours, 4: minutes, 5: seconds
  int last;
};

constexpr Fields interval_fields[] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {0, 1},
                                      {2, 3}, {2, 4}, {2, 5}, {3, 4}, {3, 5}, {4, 5}};

/// SQL's literal of an interval without the quotes: `5-2`, `-3 04:05:06.7`.
void set_interval_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch, Counts& counts) {
  constexpr std::size_t most_digits = 9;
  constexpr int months_per_year = 12, seconds_field = 5;
  static constexpr char separators[] = {'\0', '-', '\0', ' ', ':', ':'};
  static constexpr std::int64_t seconds_of[] = {0, 0, 0, 3600, 60, 1};
  const Fields fields = interval_fields[decoder.sql_type - SQL_INTERVAL_YEAR];
  TextReader reader(text);
  const bool negative = reader.take('-');
  if (!negative) reader.take('+');
  std::int64_t months = 0, days = 0, nanoseconds = 0, seconds = 0;
  for (int field = fields.first; field <= fields.last; ++field) {
    if (field != fields.first) reader.expect(separators[field]);
    const std::int64_t value = reader.digits(1, most_digits);
    if (field < 2) {
      months += field == 0 ? value * months_per_year : value;
    } else if (field == 2) {
      days = value;
    } else {
      seconds += value * seconds_of[field];
    }
    if (field == seconds_field && reader.take('.')) {
      std::size_t count = 0;
      nanoseconds = reader.digits(1, most_digits, &count);
      for (; count < most_digits; ++count) nanoseconds *= 10;
    }
  }
  const int sign = negative ? -1 : 1;
  if (!reader.at_end() || months > std::numeric_limits<std::int32_t>::max()) {
    return batch.set_invalid(decoder.column, no_interval, text);
  }
  const std::int64_t microseconds =
      seconds * core::microseconds_per_second + counted_microseconds(nanoseconds, decoder.column, counts);
  batch.set_interval(decoder.column, static_cast<std::int32_t>(sign * months), static_cast<std::int32_t>(sign * days),
                     sign * microseconds);
}

}  // namespace

void set_date(const SQL_DATE_STRUCT& value, std::size_t column, core::RowBatch& batch) {
  if (const auto days = days_of(value.year, value.month, value.day)) return batch.set_date(column, *days);
  batch.set_invalid(column, no_date, shown("%04d-%02d-%02d", value.year, value.month, value.day));
}

void set_time(const SQL_TIME_STRUCT& value, std::size_t column, core::RowBatch& batch) {
  const std::int64_t seconds = (value.hour * 60 + value.minute) * 60 + value.second;
  if (value.minute > 59 || value.second > 59 || seconds * core::microseconds_per_second > core::microseconds_per_day) {
    return batch.set_invalid(column, no_time, shown("%02d:%02d:%02d", value.hour, value.minute, value.second));
  }
  batch.set_microseconds(column, seconds * core::microseconds_per_second);
}

void set_timestamp(const SQL_TIMESTAMP_STRUCT& value, std::size_t column, core::RowBatch& batch, Counts& counts) {
  const auto days = days_of(value.year, value.month, value.day);
  if (!days || value.hour > 23 || value.minute > 59 || value.second > 59 || value.fraction >= nanoseconds_per_second) {
    return batch.set_invalid(column, no_timestamp,
                             shown("%04d-%02d-%02d %02d:%02d:%02d", value.year, value.month, value.day, value.hour,
                                   value.minute, value.second));
  }
  const std::int64_t seconds = (value.hour * 60 + value.minute) * 60 + value.second;
  batch.set_microseconds(column, *days * core::microseconds_per_day + seconds * core::microseconds_per_second +
                                     counted_microseconds(value.fraction, column, counts));
}

void set_time_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch, Counts& counts) {
  switch (decoder.decode) {
    case Decode::date_text:
      return set_date_text(decoder, text, batch);
    case Decode::time_text:
    case Decode::time_interval_text:
      return set_clock_text(decoder, text, batch, counts);
    case Decode::interval_text:
      return set_interval_text(decoder, text, batch, counts);
    default:
      return set_timestamp_text(decoder, text, batch, counts);
  }
}

}  // namespace connector::odbc
