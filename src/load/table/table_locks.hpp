// The locks of a refresh on its table: waiting for them can be interrupted, and forms no queue of readers.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

#include "core/net/wait.hpp"

namespace connector::load {

/// Takes the lock that lets one refresh of a table at a time in, and readers and writers go on. `wait` can interrupt
/// it. Throws core::Error (cannot_load) when the session's lock_timeout has passed, if that is set.
void lock_for_refresh(Oid table, core::Wait& wait);

/// Takes AccessExclusiveLock on a table and on `others` (its indexes and TOAST table), all or none.
///
/// Who waits for such a lock makes all later readers wait behind itself. So a request stands for 5 ms at most and is
/// repeated with growing pauses; readers wait no longer than that, however long somebody else holds the table.
/// Gives up (core::Error, cannot_load) when the session's lock_timeout has passed, if that is set, or when somebody who
/// holds the table waits for this transaction in turn. `wait` can interrupt the pauses.
void lock_without_queue(Oid table, const std::vector<Oid>& others, core::Wait& wait);

}  // namespace connector::load
