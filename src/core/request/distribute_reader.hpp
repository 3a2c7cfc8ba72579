// The `distribute` key of a request.
#pragma once

#include <optional>

#include "core/request/connector_spec.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

/// `"reference"`, or `{"column": "customer", "colocate_with": "customers"}`; nothing if the key is absent or wrong,
/// which is reported.
std::optional<Distribution> read_distribution(const ObjectReader& request, Problems& problems);

}  // namespace connector::core
