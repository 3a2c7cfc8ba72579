// The list of providers, and which of them this build has.
#pragma once

#include "core/remote/registry.hpp"

namespace connector {

/// All providers in the order of the documentation; made on first use, lives as long as the process.
const core::Registry& providers();

}  // namespace connector
