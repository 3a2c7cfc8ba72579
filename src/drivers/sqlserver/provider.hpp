// The provider `sqlserver`: Microsoft SQL Server, and servers that speak its protocol TDS.
#pragma once

#include "core/remote/provider.hpp"

namespace connector::sqlserver {

const core::Provider& provider();

}  // namespace connector::sqlserver
