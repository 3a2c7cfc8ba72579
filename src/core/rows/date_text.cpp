#include "core/rows/date_text.hpp"

#include <chrono>

namespace connector::core {

namespace {

constexpr std::int32_t days_to_2000 = 10957;  // from 1970-01-01
constexpr std::size_t fraction_digits = 9;
constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

/// PostgreSQL's dates begin with 4713 BC (Julian day 0, in November), and the calendar's arithmetic ends before those.
constexpr int first_year = -4712, last_year = 32767;

}  // namespace

std::int64_t TextReader::digits(std::size_t least, std::size_t most, std::size_t* count) noexcept {
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

std::optional<std::int32_t> days_of_date(int year, unsigned month, unsigned day) noexcept {
  if (year < first_year || year > last_year) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return static_cast<std::int32_t>(std::chrono::sys_days(date).time_since_epoch().count()) - days_to_2000;
}

std::optional<std::int32_t> read_date(TextReader& text, bool before_christ) noexcept {
  const bool negative = !before_christ && text.take('-');
  if (!negative && !before_christ) text.take('+');
  const auto number = static_cast<int>(text.digits(4, 6));
  const int year = before_christ ? 1 - number : (negative ? -number : number);
  text.expect('-');
  const auto month = static_cast<unsigned>(text.digits(2, 2));
  text.expect('-');
  const auto day = static_cast<unsigned>(text.digits(2, 2));
  return text.ok() ? days_of_date(year, month, day) : std::nullopt;
}

std::optional<std::int64_t> read_time(TextReader& text, std::size_t most_hour_digits) noexcept {
  const std::int64_t hour = text.digits(2, most_hour_digits);
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
  if (!text.ok() || minute > 59 || second > 59) return std::nullopt;
  return ((hour * 60 + minute) * 60 + second) * nanoseconds_per_second + nanoseconds;
}

}  // namespace connector::core
