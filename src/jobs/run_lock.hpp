// Locks of runs: heavyweight locks of PostgreSQL, so there is nothing to clean up after a crash, and whether somebody
// still works on a sync is known for certain.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::jobs {

/// How long a lock is held: to the transaction's end, or over several transactions until release_runs() or the
/// session's end.
enum class LockLife { transaction, session };

/// Takes the right to run the sync, without waiting. False if another session has it.
bool try_lock_run(const std::string& id, LockLife life);
/// The same, to the transaction's end; waits for a session that has it.
void lock_run(const std::string& id);

/// The lock between a run and those who stop it: see stop.hpp. To the transaction's end, or unlock_stop().
bool try_lock_stop(const std::string& id);
void lock_stop(const std::string& id);
void unlock_stop(const std::string& id);

/// Syncs and imports of a role are counted apart: imports in all databases, like the role itself, syncs in each.
enum class PlaceOf { import, sync };

/// Takes one of the `limit` places that a role has, without waiting. False if all are taken. 0 = no limit. What this
/// session holds already it is given again: its own imports run one after the other.
bool try_take_place(PlaceOf kind, Oid role, int limit, LockLife life);

/// Gives back what this session took with LockLife::session, unless the rollback of a transaction did so.
void release_runs();

}  // namespace connector::jobs
