// The `columns` key of a request.
#pragma once

#include <vector>

#include "core/connector_spec.hpp"
#include "core/request_reader.hpp"

namespace connector::core {

/// Reads `["a", "b"]`, `{"a": "text", "b": null}` or `"a text, b numeric(10,2)"`; reports what is wrong with it.
std::vector<ColumnChoice> read_columns(const ObjectReader& reader, Problems& problems);

}  // namespace connector::core
