// One refresh of an existing table: all in the caller's transaction, so that a failure leaves the old data.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/read/load_result.hpp"
#include "load/read/run.hpp"
#include "load/ranges/range_state.hpp"
#include "load/refresh/refresh_mode.hpp"
#include "load/refresh/schema_change.hpp"

namespace connector::load {

struct RefreshRequest {
  Oid relation;
  std::optional<std::string> checksum{};  ///< of the last run, for skip_unchanged
  std::optional<std::string> layout{};    ///< of the last run or the import (UTF-8); nothing if that is not known
  std::optional<std::string> position{};  ///< LoadResult::position of the last run or the import that had one
  ComparedBefore compared{};              ///< for a merge by ranges
  /// For collision_strategy "overwrite": the first contents of a sync, or those of no sync. All is replaced, and the
  /// table's columns must be in the source as they are; new ones are added.
  bool overwrite = false;
};

struct RefreshResult {
  LoadResult load;  ///< what was read; its layout is to be kept for the next run
  RefreshMode mode = RefreshMode::swap;
  std::string reason;  ///< why a replace did not go by swap, or what a merge by ranges compared (UTF-8); else empty
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  std::vector<SchemaChange> schema_changes;
  std::optional<std::string> checksum;           ///< to be kept for the next run; empty if that is not to skip anything
  std::optional<std::string> ranges;             ///< RangeMerge::state(), to be kept for the next run
  std::optional<std::uint64_t> ranges_compared;  ///< nothing if rows were compared
  std::uint64_t ranges_read = 0;
  double lock_ms = 0;  ///< milliseconds that the strong lock was held when this returned; it is held until the commit
};

/// Refreshes the table as its owner, whose role the current user must have, and restricted (as REINDEX is, for example)
/// unless the session is the owner's: all code that belongs to the table runs so. Types that `spec` names are looked up
/// by the session's search_path, all else by the system's. Deferrable constraints are checked at once. Needs an active
/// snapshot, as SQL functions have one. Throws core::Error and PgError; then the (sub)transaction is to be aborted.
RefreshResult run_refresh(const Run& run, const RefreshRequest& request);

/// By which mode a refresh of the table by this plan would go, if its columns fit; `reason` tells why not by swap. For
/// dry runs: takes a reader's lock only.
RefreshMode choose_mode(Oid relation, const core::ConnectorSpec& spec, LoadPlan plan, std::string& reason);

}  // namespace connector::load
