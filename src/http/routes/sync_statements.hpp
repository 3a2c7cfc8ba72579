// Statements about the sync whose id is $1 that more than one call runs.
#pragma once

namespace connector::http {

inline constexpr const char* sync_status_statement = "SELECT @extschema@.cdb_sync_status($1::pg_catalog.uuid)";
inline constexpr const char* run_sync_statement = "SELECT @extschema@.cdb_sync_now($1::pg_catalog.uuid)";

}  // namespace connector::http
