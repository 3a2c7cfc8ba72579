// The background processes.
#pragma once

#include <string>

namespace connector::api {

/// Registers the launcher; called by _PG_init in the postmaster. The others are started by it.
void register_launcher();

/// Without a launcher: starts a worker for a queued import of the current role when the transaction commits.
void start_import_at_commit(const std::string& id);

}  // namespace connector::api
