// Arrays, maps, structs and unions, which a server prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connector::hive {

/// The value as JSON: as it is, or with keys of maps in quotes where they stand bare, as those that are numbers do.
/// Nothing if it is no JSON even then (NaN, quotes that were not escaped). May refer to `text` or to `repaired`.
std::optional<std::string_view> nested_json(std::string_view text, std::string& repaired);

}  // namespace connector::hive
