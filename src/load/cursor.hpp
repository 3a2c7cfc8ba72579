// The cursor column of a sync by append.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/connector_spec.hpp"
#include "core/provider.hpp"
#include "load/plan.hpp"
#include "load/stream.hpp"

namespace connector::load {

/// The plan's column that `sync.cursor` names (by its remote or local name), as an index. Throws core::Error
/// (invalid_parameters) if there is none.
std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan);

/// Has the source read in the cursor's order, from a value (as core::CursorRange has it) on if there is one. False if
/// the remote can't: then it sends all rows, in any order.
bool read_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from);

/// Rows in no order must not be cut: what lies before the new last value would never be read. Throws core::Error
/// (cannot_load).
void check_truncation(const ImportResult& result, bool ordered);

}  // namespace connector::load
