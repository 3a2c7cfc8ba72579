// Statements about the sync whose id is $1 that more than one call runs.
//
// Statements of calls give all arguments, with their types: a function of somebody else's in the schema of the
// extension can have other parameters only, and must never be the one that is chosen.
#pragma once

namespace connector::http {

inline constexpr const char* sync_status_statement = "SELECT @extschema@.cdb_sync_status($1::pg_catalog.uuid)";
inline constexpr const char* run_sync_statement = "SELECT @extschema@.cdb_sync_now($1::pg_catalog.uuid, false, false)";

}  // namespace connector::http
