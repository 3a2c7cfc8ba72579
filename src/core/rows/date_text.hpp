// Dates and times in ISO's form, as remotes print them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace connector::core {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;
inline constexpr std::int64_t nanoseconds_per_day = 1000 * microseconds_per_day;

/// Text from front to back; a step that fails makes all later ones fail.
class TextReader {
 public:
  explicit TextReader(std::string_view text) noexcept : text_(text) {}

  bool take(char c) noexcept {
    const bool there = ok_ && !text_.empty() && text_.front() == c;
    if (there) text_.remove_prefix(1);
    return there;
  }
  bool take(std::string_view word) noexcept {
    const bool there = ok_ && text_.starts_with(word);
    if (there) text_.remove_prefix(word.size());
    return there;
  }
  void expect(char c) noexcept { ok_ = take(c); }
  /// A number of `least` to `most` (at most 18) digits.
  std::int64_t digits(std::size_t least, std::size_t most, std::size_t* count = nullptr) noexcept;
  bool ok() const noexcept { return ok_; }
  bool at_end() const noexcept { return ok_ && text_.empty(); }

 private:
  std::string_view text_;
  bool ok_ = true;
};

/// Days since 2000-01-01; year 0 is 1 BC. Nothing if there is no such date, or PostgreSQL has none.
std::optional<std::int32_t> days_of_date(int year, unsigned month, unsigned day) noexcept;

/// `YYYY-MM-DD` as days_of_date(); the year may have a sign, and four to six digits. `before_christ`: years are counted
/// backwards from 1, which is 1 BC, and have no sign.
std::optional<std::int32_t> read_date(TextReader& text, bool before_christ = false) noexcept;

/// `HH:MM:SS[.fraction]` as nanoseconds; the hours may have more digits than two and are not bounded otherwise, the
/// fraction has up to nine.
std::optional<std::int64_t> read_time(TextReader& text, std::size_t most_hour_digits = 2) noexcept;

/// Nanoseconds to the nearest microsecond; half of one is rounded up. Not for negative ones.
inline std::int64_t rounded_microseconds(std::int64_t nanoseconds) noexcept {
  return (nanoseconds + 500) / 1000;
}

}  // namespace connector::core
