// The cursor column of a sync by append.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "core/remote/source.hpp"
#include "load/read/plan.hpp"
#include "load/table/distribution.hpp"
#include "load/table/target.hpp"
#include "load/read/load_result.hpp"
#include "load/refresh/column_changes.hpp"
#include "pg/spi.hpp"

namespace connector::load {

/// The plan's column that `sync.cursor` names (by its remote or local name), as an index. Throws core::Error
/// (invalid_parameters) if there is none, or if its type has no order that both sides share.
std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan);

/// The scan that reads in the cursor's order, from a value (as core::Expression has constants) on if there is one. One
/// without order if the remote can't: then it sends all rows, in any order.
core::Scan scan_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from);

/// Rows in no order must not be cut: what lies before the new last value would never be read. Throws core::Error
/// (cannot_load).
void check_truncation(const LoadResult& result, const core::Scan& scan);

// A position is a value of the cursor column, behind which a run reads on: as text, ISO, UTC, in UTF-8. Nothing: from
// the beginning.

/// Where a run begins: at the position that the last one left (`kept`: position_mark()), or at the table's own largest
/// value if that is less. So rows with larger values that others added hide none of the source's, and a table that was
/// emptied is filled again. The column must be in the table.
std::optional<std::string> start_position(const RefreshTarget& target, const PlannedColumn& cursor,
                                          const std::optional<std::string>& kept);

/// The largest value among the rows that a run has put into the relation.
std::optional<std::string> reached_position(Oid relation, const PlannedColumn& cursor);

/// What is kept of a position in the relation for the next run: a JSON object of the column, its type and the value, in
/// UTF-8. Nothing if there is no position.
std::optional<std::string> position_mark(Oid relation, const PlannedColumn& cursor,
                                         const std::optional<std::string>& position);

/// Whether a row of the table `rows` lies beyond the position (or there is none).
bool goes_beyond(const RefreshTarget& target, const std::string& rows, const PlannedColumn& cursor,
                 const std::optional<std::string>& position);

/// Removes rows from the table `rows`, of the source's rows, that lie before the position or, without a key, are in the
/// target on it or beyond it already, equal in all columns that these have had before the run. (With a key
/// apply_merge() comes next, which finds them.)
void cut_before(const RefreshTarget& target, const std::string& rows, const LoadPlan& plan, const PlannedColumn& cursor,
                const ColumnChanges& changes, const std::optional<std::string>& position,
                const std::vector<std::size_t>& key, const std::optional<TableDistribution>& distribution);

/// What cut_before() leaves of rows `s`, without a key and where no columns have changed, as a condition. Its
/// parameters are counted from 2.
struct RowsBehind {
  std::string condition;
  std::vector<pg::SqlParameter> parameters;
};
RowsBehind rows_behind(const RefreshTarget& target, const LoadPlan& plan, const PlannedColumn& cursor,
                       const std::optional<std::string>& position);

/// The position that a value of the planned column is.
std::optional<std::string> position_of(const PlannedColumn& cursor, Datum value);

/// Whether a position lies beyond the other one.
bool lies_beyond(const RefreshTarget& target, const PlannedColumn& cursor, const std::string& position,
                 const std::string& start);

/// For a run that added nothing and whose rows all lie on the position: throws core::Error (cannot_load) if it was cut,
/// as all later ones would be.
void check_progress(const LoadResult& result, const PlannedColumn& cursor);

}  // namespace connector::load
