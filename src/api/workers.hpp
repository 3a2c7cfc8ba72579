// The background processes.
#pragma once

namespace connector::api {

/// Registers the launcher; called by _PG_init in the postmaster. The others are started by it.
void register_launcher();

}  // namespace connector::api
