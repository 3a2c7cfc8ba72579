// Reading the options of a request.
#pragma once

#include "drivers/postgres/login.hpp"

namespace connector::postgres {

/// Reads the options of a request, whose keys and defaults are checked already. Throws Error: invalid_parameters for
/// a server that libpq would take for something else than one host, connectors_disabled without a password that must
/// be there.
Login read_login(const core::ConnectRequest& request);

}  // namespace connector::postgres
