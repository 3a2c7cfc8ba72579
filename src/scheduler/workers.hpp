// The background processes.
#pragma once

#include <string>

namespace connector::scheduler {

/// Registers the launcher; called by _PG_init in the postmaster. The others are started by it.
void register_launcher();

}  // namespace connector::scheduler
