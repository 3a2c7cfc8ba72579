// The providers that this program is linked with.
#pragma once

#include <string_view>

#include "core/remote/provider.hpp"

namespace connector::reader {

/// By its id; null if the program does not have it.
const core::Provider* own_provider(std::string_view id);

}  // namespace connector::reader
