// A table divided by the values of a key, into ranges that have about equally many rows.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows/logical_type.hpp"

namespace connector::core {

/// Rows whose key is at least `from` and less than `until`, in the form of Expression::value; nothing = no bound.
struct KeyRange {
  std::optional<std::string> from{};
  std::optional<std::string> until{};

  bool operator==(const KeyRange&) const = default;
};

/// About how many rows each of the ranges has, as the remote can tell without reading them: one number for each range,
/// in order. The ranges of one call should cost one round trip.
using KeyRangeEstimates = std::function<std::vector<double>(std::span<const KeyRange>)>;

/// How many ranges are asked about in one call, at the most.
inline constexpr std::size_t most_ranges_in_question = 64;

/// About `wanted` ranges, or most_parts if these are fewer, in order, in exactly one of which each value of the key
/// lies that is not NULL: the first one has no lower bound and the last one no upper, so also values that are there
/// only later. As far as the estimates are true and values can be told apart, none has more than twice its share of the
/// rows. `least` and `greatest`: values of the key. One range if there is nothing to divide; empty if it can't be
/// divided: a type without places (key_values.hpp), a value that has none.
std::vector<KeyRange> divide_key(const LogicalType& type, std::string_view least, std::string_view greatest,
                                 std::size_t wanted, const KeyRangeEstimates& estimates);

}  // namespace connector::core
