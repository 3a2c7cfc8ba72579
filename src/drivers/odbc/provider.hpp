// The provider "odbc". Its calls block: it is for a process of its own.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::odbc {

/// The provider object; lives as long as the process.
const core::Provider& provider();

}  // namespace connector::odbc
