// The provider "hive".
#pragma once

#include "core/remote/provider.hpp"

namespace connector::hive {

/// The provider object; lives as long as the process.
const core::Provider& provider();

}  // namespace connector::hive
