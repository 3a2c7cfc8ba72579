// The interval that a call asks for.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>

#include "core/request/connector_spec.hpp"

namespace connector::api {

/// The argument of this number, else what the wrapped form of the request has (`spec` may be null), else nothing.
/// Throws core::Error (invalid_parameters) if it is shorter than connector.min_sync_interval or longer than 100 years.
std::optional<std::chrono::seconds> asked_interval(FunctionCallInfo fcinfo, int argument,
                                                   const core::ConnectorSpec* spec);

}  // namespace connector::api
