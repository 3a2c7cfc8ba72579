// Constants as HiveQL has them, for comparisons that servers and files of several makes answer as PostgreSQL does.
//
// What servers do was seen on Apache Hive 4.0.1 and Spark 3.5.3, with tables of text, ORC and Parquet; where they
// differ a constant is written so that both are right.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/remote/source.hpp"

namespace connector::hive {

/// A text. Nothing if it has characters from U+E000 on: ORC files keep the least and the greatest text of a piece in
/// the order of bytes, and readers compare them with constants in the order of UTF-16's units, in which characters
/// beyond U+FFFF come before these: they pass over pieces that have the text.
std::optional<std::string> text_constant(std::string_view text);

/// Whether some value that a partition without one has may be told apart from the text otherwise than its column shows
/// it: columns of limited length show the beginning of __HIVE_DEFAULT_PARTITION__, and partitions are chosen by all of
/// it.
bool may_be_default_partition(std::string_view text) noexcept;

/// A decimal of a type in which it and all values of the column have their digits; servers round to others. Nothing if
/// there is none of 38 digits; `of_column`: if that is not the column's own type.
std::optional<std::string> decimal_constant(const core::LogicalType& column, std::string_view value, bool of_column);

/// A date of the years 1 to 9999.
std::optional<std::string> date_constant(std::string_view value);

/// Between these are, of the values that are read as the timestamp, all, and those near it: `first` <= value <
/// `behind`.
struct TimestampWindow {
  std::string first;
  std::string behind;
};
/// Of a timestamp of the years 1583 to 9998. The window is wide: Hive has nanoseconds and Spark cuts them from
/// constants; readers of ORC compare milliseconds; and in Spark a timestamp is a moment, which clocks that go back show
/// later than one before it.
std::optional<TimestampWindow> timestamp_window(std::string_view value);

/// A value of binary, of PostgreSQL's `\x` and hexadecimal digits.
std::optional<std::string> binary_constant(std::string_view value);

}  // namespace connector::hive
