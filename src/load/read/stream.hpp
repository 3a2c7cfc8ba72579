// The stream of rows: source → batch → converters → table.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/remote/provider.hpp"
#include "load/write/bulk_insert.hpp"
#include "load/read/converter.hpp"
#include "load/read/plan.hpp"
#include "load/read/progress.hpp"

namespace connector::load {

struct ImportLimits {
  std::int64_t max_rows = 0;  ///< 0 = none
  int max_columns = 256;
  std::size_t batch_bytes = 256 * 1024;
};

/// A count that belongs to a column, by its local name.
using ColumnCounts = std::vector<std::pair<std::string, std::uint64_t>>;

/// What came of loading.
struct ImportResult {
  Oid table = InvalidOid;  ///< the table that was filled; not set by refreshes
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;  ///< of the values, as they stand in the batch
  bool truncated = false;   ///< the source has more than max_rows rows
  std::int64_t max_rows = 0;
  std::vector<SkippedColumn> skipped;
  ColumnCounts invalid_values;  ///< became NULL
  ColumnCounts zero_dates;      ///< became NULL
  ColumnCounts nested_text;     ///< became JSON strings
  std::vector<core::RemoteWarning> remote_warnings;
  std::string layout;                   ///< see layout.hpp
  std::optional<std::string> position;  ///< of a sync by append: see cursor.hpp
};

/// What a driver's batch for the plan looks like.
std::vector<core::BatchColumn> batch_columns(const LoadPlan& plan, const core::SourceDescription& source);

/// Says with WARNINGs what of the source is not in the table.
void report_result(const ImportResult& result);

/// A memory context for what lives as long as one batch.
class BatchMemory {
 public:
  BatchMemory();
  /// Runs `function` with the context current, then empties it. After an exception the context of the caller empties
  /// it.
  template <typename Function>
  void use(Function&& function) {
    const MemoryContext outer = MemoryContextSwitchTo(context_);
    try {
      function();
    } catch (...) {
      MemoryContextSwitchTo(outer);
      throw;
    }
    MemoryContextSwitchTo(outer);
    reset();
  }

 private:
  void reset();
  MemoryContext context_;
};

/// Moves all rows of a described source into a table, until they or the limit end.
class Stream {
 public:
  /// All arguments outlive the stream.
  Stream(core::Source& source, const LoadPlan& plan, core::InvalidValues invalid_values, const ImportLimits& limits,
         core::Wait& wait, Progress& progress);

  /// Opens the source, one row beyond the limit.
  void open();
  /// Fetches all rows and adds what came of them to `result`.
  void run(BulkInsert& insert, ImportResult& result);

 private:
  std::uint64_t max_rows() const;
  bool has_another_row();
  void convert();

  core::Source& source_;
  const LoadPlan& plan_;
  const ImportLimits& limits_;
  core::Wait& wait_;
  Progress& progress_;
  std::vector<core::BatchColumn> columns_;
  core::RowBatch batch_;
  std::vector<ColumnConverter> converters_;
  BatchMemory memory_;
};

}  // namespace connector::load
