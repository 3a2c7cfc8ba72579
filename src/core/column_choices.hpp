// The `columns` key of a request.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/connector_spec.hpp"
#include "core/request_reader.hpp"

namespace connector::core {

/// Reads `["a", "b"]`, `{"a": "text", "b": null}` or `"a text, b numeric(10,2)"`; reports what is wrong with it.
std::vector<ColumnChoice> read_columns(const ObjectReader& reader, Problems& problems);

/// What is wrong with the list of columns that `key` is if there are more than max_listed_columns.
std::string too_many_columns(std::string_view key);

}  // namespace connector::core
