// Imports that fail because their request names no source.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::jobs {

/// Records such an import of the current role as a failure and returns its id. It is remembered, forgotten and told of
/// (in the server's log and on the channel `connector`) like any other that failed in the background. Throws
/// core::Error or PgError if the role could have queued none, whatever the request: it cannot log in, has no schema for
/// tables, no provider that is enabled, and no right to any connection.
std::string import_without_source();

}  // namespace connector::jobs
