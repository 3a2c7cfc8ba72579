#include "core/schedule/clock_time.hpp"

#include "core/base/trim.hpp"

namespace connector::schedule {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

/// Takes a number of one or two digits, up to `most`, off the front.
std::optional<int> take_number(std::string_view& text, std::size_t least_digits, int most) {
  std::size_t digits = 0;
  int number = 0;
  while (digits < 2 && digits < text.size() && is_digit(text[digits])) number = number * 10 + (text[digits++] - '0');
  if (digits < least_digits || number > most) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool take_colon(std::string_view& text) {
  if (!text.starts_with(':')) return false;
  text.remove_prefix(1);
  return true;
}

void add_two_digits(std::string& text, std::int64_t number) {
  text += static_cast<char>('0' + number / 10);
  text += static_cast<char>('0' + number % 10);
}

}  // namespace

std::optional<ClockTime> parse_clock_time(std::string_view text) {
  text = core::trimmed(text, " ");
  const auto hour = take_number(text, 1, 23);
  if (!hour || !take_colon(text)) return std::nullopt;
  const auto minute = take_number(text, 2, 59);
  if (!minute) return std::nullopt;
  std::optional<int> second = 0;
  if (take_colon(text)) second = take_number(text, 2, 59);
  if (!second || (!text.empty() && text.front() != ' ')) return std::nullopt;
  return ClockTime{std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second),
                   std::string(core::trimmed(text, " "))};
}

std::string clock_time_text(const ClockTime& time) {
  const std::int64_t seconds = time.time_of_day.count();
  std::string text;
  add_two_digits(text, seconds / 3600);
  text += ':';
  add_two_digits(text, seconds / 60 % 60);
  if (seconds % 60 != 0) {
    text += ':';
    add_two_digits(text, seconds % 60);
  }
  if (!time.zone.empty()) text += ' ' + time.zone;
  return text;
}

}  // namespace connector::schedule
