// The CustomScan of joins that look keys up, and its hook.
#pragma once

namespace connector::fdw {

/// Called by _PG_init: from then on joins with foreign tables may look keys up by batches.
void install_key_lookup();

}  // namespace connector::fdw
