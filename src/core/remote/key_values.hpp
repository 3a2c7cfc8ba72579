// The values of a key as places on a line, so that a stretch of them can be cut in the middle.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/rows/logical_type.hpp"

namespace connector::core {

/// Where a value stands: a greater value has a greater one, and next to a whole number stands the next.
using KeyPlace = unsigned __int128;

/// Whether values of the type have places: integers, numeric without digits behind the point and with at most 38
/// before it, date, timestamp, timestamptz and uuid.
bool has_places(const LogicalType& type) noexcept;

/// The place of a value, in the form of Expression::value. Dates and timestamps before the year 1 and behind 9999, the
/// infinite ones included, stand where the first or last one of these years does. Nothing if the text is no value that
/// has a place.
std::optional<KeyPlace> place_of(const LogicalType& type, std::string_view value);

/// The value at a place between those of two values of the type, in the form of Expression::value. Of a timestamp no
/// more digits behind the second than the type has.
std::string value_at(const LogicalType& type, KeyPlace place);

}  // namespace connector::core
