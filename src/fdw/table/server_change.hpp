// Foreign servers of this wrapper are made, changed and dropped as the current role, by PostgreSQL's own statements:
// cdb_server_save(), cdb_server_drop().
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::fdw {

/// Makes the server `name` (UTF-8), or gives it another connection, as `connector` (a Datum of type json) says; what of
/// it is a login becomes the current role's user mapping. From here on the session shows and logs its statement
/// without the texts in it. Throws core::Error (invalid_parameters) for what is wrong with name or connector, and
/// PgError.
void save_server(const std::string& name, Datum connector);

/// Drops the server (UTF-8) with its user mappings. Throws core::Error (dependents_in_the_way) if syncs or queued
/// imports name it, PgError if something in PostgreSQL depends on it or the current role does not own it.
void drop_server(const std::string& name);

}  // namespace connector::fdw
