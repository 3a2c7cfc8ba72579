// T-SQL's constants for values in the form that core::Expression has them in. None is written where the server has no
// such value, or could read the constant as another one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connector::sqlserver {

/// An integer of 64 bits.
std::optional<std::string> integer_literal(std::string_view value);

/// A number to be compared with a decimal(precision, scale), in a type that has all digits of both. None if that would
/// be more than the server's 38.
std::optional<std::string> decimal_literal(std::string_view value, int precision, int scale);

/// Whether a decimal(precision, scale) may have the value: false for NaN, infinity, and for more digits.
bool can_be_decimal(std::string_view value, int precision, int scale);

/// A number with at most four digits behind the point, in the range of money.
std::optional<std::string> money_literal(std::string_view value);

/// `true` or `false`, as a bit.
std::optional<std::string> bit_literal(std::string_view value);

std::optional<std::string> date_literal(std::string_view value);

/// A moment or a time of the day as the type (`datetime2`, `datetimeoffset`, `time`), with `digits` behind the second,
/// or with six if it has more. datetimeoffset: the value ends with `+00`.
std::optional<std::string> time_literal(std::string_view value, std::string_view type, int digits);

std::optional<std::string> uuid_literal(std::string_view value);

/// Bytes as `\x` and hexadecimal digits.
std::optional<std::string> bytes_literal(std::string_view value);

/// `unicode`: N'…'; else '…', of ASCII alone, which is the same in all code pages.
std::optional<std::string> text_literal(std::string_view value, bool unicode);

/// The pattern of LIKE ... ESCAPE '~' for all texts that begin as those that match PostgreSQL's pattern. None if these
/// have no beginning in common.
std::optional<std::string> prefix_literal(std::string_view pattern, bool unicode);

/// The first and the last value that may come here as a certain one.
struct Window {
  std::string first;
  std::string last;
};

/// Of a `datetime2`, `datetimeoffset` or `time` with seven digits, which are rounded to six here. That of the time
/// 00:00:00 has what is rounded up to it from the end of the day not in it.
std::optional<Window> time_window(std::string_view value, std::string_view type);

/// Of a datetime, which has ticks of 1/300 s.
std::optional<Window> datetime_window(std::string_view value);

/// Of a float or real that is written with digits.
std::optional<Window> float_window(std::string_view value);

}  // namespace connector::sqlserver
