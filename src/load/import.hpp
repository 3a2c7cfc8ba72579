// One import, from a connection to a filled, indexed and analysed table.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/provider.hpp"
#include "load/plan.hpp"
#include "load/target_table.hpp"

namespace connector::load {

struct ImportLimits {
  std::int64_t max_rows = 0;  ///< 0 = none
  int max_columns = 256;
  std::size_t batch_bytes = 256 * 1024;
};

/// A count that belongs to a column, by its local name.
using ColumnCounts = std::vector<std::pair<std::string, std::uint64_t>>;

struct ImportResult {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of the values, as they stand in the batch
  bool truncated = false;   ///< the source has more than max_rows rows
  std::int64_t max_rows = 0;
  std::vector<SkippedColumn> skipped;
  ColumnCounts invalid_values;  ///< became NULL
  ColumnCounts zero_dates;      ///< became NULL
};

/// A described request, for imports and dry runs.
core::SourceRequest source_request(const core::ConnectorSpec& spec);

/// What a driver's batch for the plan looks like.
std::vector<core::BatchColumn> batch_columns(const LoadPlan& plan, const core::SourceDescription& source);

/// Describes, creates (or empties) the table `target`, streams the rows into it and finishes it; says with NOTICE and
/// WARNING what is not as in the source. All in the current transaction.
ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, const ImportLimits& limits, core::Wait& wait);

}  // namespace connector::load
