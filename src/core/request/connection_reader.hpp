// The `connection` key of a request, and the options of a foreign server that stand for it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/remote/registry.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

/// Whether the keys of a connection by which one logs in must be there: a foreign server has them in user mappings.
enum class LoginKeys { required, optional };

/// Whether a key of a connection is one by which one logs in: the username, and secrets.
bool is_login_key(const ProviderInfo& info, std::string_view name) noexcept;

/// Reads the members of `connection` into spec.connection and spec.session, beside what is there already; reports what
/// is wrong with them.
void read_connection(const JsonValue& connection, const ProviderInfo& info, ConnectorSpec& spec, Problems& problems,
                     LoginKeys login_keys = LoginKeys::required);

/// The description of a parameter, or null.
const ParameterInfo* find_parameter(std::span<const ParameterInfo> parameters, std::string_view name) noexcept;

/// Reports `text` if it is not a value of the parameter; `path` is its name in messages.
void check_parameter_value(const ParameterInfo& parameter, const std::string& path, std::string_view text,
                           Problems& problems);

/// The id of the built-in provider that was probably meant by one that is none.
std::optional<std::string_view> nearest_provider(std::string_view id, const Registry& registry);

/// The built-in provider of this id. Throws Error: connectors_disabled for a known provider that was left out,
/// invalid_parameters for an unknown one.
const Provider& available_provider(std::string_view id, const Registry& registry);

/// The description of the built-in provider of this id; null (reported under the key `provider`) if there is none.
/// Throws Error (connectors_disabled) for one that was left out.
const ProviderInfo* read_provider_info(std::string_view id, const Registry& registry, Problems& problems);

/// Checks spec.connection against what the provider takes: unknown and missing keys, port range, values of
/// enumerated parameters. parse_connector() has done it already unless foreign_server is set.
void check_connection(const ConnectorSpec& spec, const Registry& registry);

}  // namespace connector::core
