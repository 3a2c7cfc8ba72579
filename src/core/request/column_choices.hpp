// The `columns` key of a request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

class ObjectReader;
class Problems;

/// A table of PostgreSQL has no more columns; so a list of some need not be longer.
constexpr std::size_t max_listed_columns = 1600;

/// One entry of the `columns` key.
struct ColumnChoice {
  std::string name;                 ///< remote column
  std::optional<std::string> type;  ///< SQL text of the local type asked for
};

/// Reads `["a", "b"]`, `{"a": "text", "b": null}` or `"a text, b numeric(10,2)"`; reports what is wrong with it.
std::vector<ColumnChoice> read_columns(const ObjectReader& reader, Problems& problems);

/// What is wrong with the list of columns that `key` is if there are more than max_listed_columns.
std::string too_many_columns(std::string_view key);

}  // namespace connector::core
