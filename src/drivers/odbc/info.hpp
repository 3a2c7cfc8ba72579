// The self-description of the provider "odbc", apart from the provider: who starts the process that reads by ODBC has
// it without unixODBC.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::odbc {

const core::ProviderInfo& info() noexcept;

}  // namespace connector::odbc
