// What came of loading rows.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/remote/provider.hpp"
#include "load/read/plan.hpp"

namespace connector::load {

/// A count that belongs to a column, by its local name.
using ColumnCounts = std::vector<std::pair<std::string, std::uint64_t>>;

/// Values that came in another form than the remote has them.
struct Substitutions {
  core::SubstitutionKind kind;
  ColumnCounts columns;  ///< not empty
};

struct LoadResult {
  Oid table = InvalidOid;  ///< the table that was filled; not set by refreshes
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of the values, as they stand in the batch
  bool truncated = false;   ///< the source has more than max_rows rows
  std::int64_t max_rows = 0;
  std::vector<SkippedColumn> skipped;
  // Of an import, what became of the table's rows. A refresh tells that for itself.
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  ColumnCounts invalid_values;  ///< became NULL
  std::vector<Substitutions> substitutions;
  std::vector<core::RemoteWarning> remote_warnings;
  int readers = 1;                              ///< connections that have read the rows
  std::string fewer_readers;                    ///< not empty: why these are fewer than were asked for
  std::string layout;                           ///< see layout.hpp
  std::optional<std::string> position;          ///< of a sync by append: see cursor.hpp
  std::vector<std::string> single_row_servers;  ///< foreign servers that got each row by itself
  std::vector<std::string> left_out;  ///< parts of the source's table that were asked for, each with the reason
  /// Not there yet: the tables that they refer to may be filled later.
  std::vector<PlannedForeignKey> foreign_keys;
  ColumnNames column_names;  ///< if foreign keys were asked for
};

/// Says with WARNINGs what of the source is not in the table.
void report_result(const LoadResult& result);

}  // namespace connector::load
