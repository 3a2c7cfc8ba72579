// The sync as JSON.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "pg/spi.hpp"

namespace connector::api {

/// A Datum of type json. Throws core::Error (invalid_parameters) if the current role sees no such sync.
Datum sync_status(const std::string& id, pg::Sees sees = pg::Sees::present);

}  // namespace connector::api
