// Secrets of a connection, and how they are kept out of messages.
#pragma once

#include "core/remote/connection_options.hpp"
#include "drivers/odbc/diagnostics.hpp"

namespace connector::odbc {

/// Replaces the secrets of the options by `***`: those of six bytes and more wherever they stand, shorter ones behind
/// an equals sign, as they would stand in a connection string.
Mask mask_of(const core::ConnectionOptions& options);

}  // namespace connector::odbc
