// The `connection` key of a request, and the options of a foreign server that stand for it.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "core/connector_spec.hpp"
#include "core/request_reader.hpp"

namespace connector::core {

/// Reads the members of `connection` into spec.connection and spec.session; reports what is wrong with them.
void read_connection(const JsonValue& connection, const ProviderInfo& info, ConnectorSpec& spec, Problems& problems);

/// The description of a parameter, or null.
const ParameterInfo* find_parameter(std::span<const ParameterInfo> parameters, std::string_view name) noexcept;

/// Reports `text` if it is not a value of the parameter; `path` is its name in messages.
void check_parameter_value(const ParameterInfo& parameter, const std::string& path, std::string_view text,
                           Problems& problems);

/// The built-in provider of this id. Throws Error: connectors_disabled for a known provider that was left out,
/// invalid_parameters for an unknown one.
const Provider& available_provider(std::string_view id, const Registry& registry);

}  // namespace connector::core
