// The connector keys that do not depend on the provider.
#pragma once

#include <span>

#include "core/remote/provider.hpp"

namespace connector::core {

/// The connector keys that every provider takes, described.
std::span<const ParameterInfo> common_parameters() noexcept;

}  // namespace connector::core
