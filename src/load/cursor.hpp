// The cursor column of a sync by append.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/connector_spec.hpp"
#include "core/provider.hpp"
#include "load/plan.hpp"
#include "load/refresh_target.hpp"
#include "load/staging.hpp"
#include "load/stream.hpp"

namespace connector::load {

/// The plan's column that `sync.cursor` names (by its remote or local name), as an index. Throws core::Error
/// (invalid_parameters) if there is none, or if its type has no order that both sides share.
std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan);

/// Has the source read in the cursor's order, from a value (as core::CursorRange has it) on if there is one. False if
/// the remote can't: then it sends all rows, in any order.
bool read_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from);

/// Rows in no order must not be cut: what lies before the new last value would never be read. Throws core::Error
/// (cannot_load).
void check_truncation(const ImportResult& result, bool ordered);

/// The largest value of a cursor column in the target, as the remote is asked for what lies behind it.
struct CursorPosition {
  std::string maximum;               ///< SQL that yields the value, or its bytes for text
  std::optional<std::string> value;  ///< as text, ISO, UTC; nothing if the table has none
};

CursorPosition cursor_position(const RefreshTarget& target, const PlannedColumn& cursor);

/// Whether a row of the staging table lies beyond the position (or the target has none).
bool goes_beyond(const RefreshTarget& target, const Staging& staging, const PlannedColumn& cursor);

/// Removes rows from the staging table that lie before the position or, where they lie on it, are in the target already
/// (with all their columns equal; or with the key's columns equal, if there is one: then apply_merge() comes next).
void cut_before(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan, const PlannedColumn& cursor,
                bool has_key);

/// For a run that added nothing and whose rows all lie on the position: throws core::Error (cannot_load) if it was cut,
/// as all later ones would be.
void check_progress(const ImportResult& result, const PlannedColumn& cursor);

}  // namespace connector::load
