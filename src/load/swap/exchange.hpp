// Exchanging the storage of a table with that of its hidden heap.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>

#include <string>

#include "core/net/wait.hpp"
#include "load/table/held_table.hpp"
#include "load/swap/hidden_heap.hpp"
#include "load/read/progress.hpp"

namespace connector::load {

/// What is done with the table's rows before the ALTER TABLE: where a type changes it would convert them.
enum class BeforeAlter { nothing, truncate };

/// Waits for the strong lock, applies the ALTER TABLE actions (may be empty) after what is done `before`,
/// exchanges storage of heap, TOAST table and indexes, and drops the hidden heap, which has the old storage then.
/// Returns when the lock was taken; it is held until the transaction's end, which should follow at once.
/// Throws core::Error (cannot_load) if the table, which `held` holds and lets go, is not what the heap was made for any
/// more, or became one that a swap would wrong.
std::chrono::steady_clock::time_point exchange_storage(const RefreshTarget& target, HeldTable& held,
                                                       const HiddenHeap& heap, const std::string& alter_actions,
                                                       BeforeAlter before, std::uint64_t rows, core::Wait& wait,
                                                       Progress& progress);

}  // namespace connector::load
