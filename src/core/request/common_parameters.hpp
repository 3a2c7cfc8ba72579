// The connector keys that do not depend on the provider.
#pragma once

#include <span>

#include "core/remote/provider.hpp"

namespace connector::core {

/// The connector keys that every provider takes, described.
std::span<const ParameterInfo> common_parameters() noexcept;

/// The members of the key `sync`.
std::span<const ParameterInfo> sync_parameters() noexcept;

/// The members of the key `distribute`, if it is an object.
std::span<const ParameterInfo> distribute_parameters() noexcept;

/// Whether its values are "true" and "false".
bool is_boolean(const ParameterInfo& parameter) noexcept;

}  // namespace connector::core
