// The rows of a source, decoded and converted: source → batch → converters → sink.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/remote/parallel_read.hpp"
#include "core/remote/source.hpp"
#include "load/read/converter.hpp"
#include "load/read/plan.hpp"
#include "load/read/load_result.hpp"
#include "load/read/run.hpp"
#include "load/write/sink.hpp"
#include "pg/tie.hpp"

namespace connector::load {

/// A memory context for what lives as long as one batch.
class BatchMemory {
 public:
  BatchMemory();
  /// Runs `function` with the context current.
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
  }
  void reset();

 private:
  MemoryContext context_;
};

/// Whether an order of a scan is wanted for the rows, or only so that a limit cuts off the last ones.
enum class RowOrder : std::uint8_t { wanted, for_limit };

/// A scan; nothing: all rows, in any order.
using WantedRows = std::optional<core::Scan>;

/// Reads the columns of a plan from a source, in batches whose values are Datums of the types that they have here.
class BatchReader {
 public:
  /// All arguments outlive the reader.
  BatchReader(core::Source& source, const LoadPlan& plan, const Run& run);
  ~BatchReader();
  BatchReader(const BatchReader&) = delete;
  BatchReader& operator=(const BatchReader&) = delete;

  /// Executes. `scan` has a condition, an order and a limit, if any; its columns are the plan's. Without a limit of its
  /// own it has the run's, and read() finds out whether the source has more rows.
  void open(core::Scan scan = {}, RowOrder order = RowOrder::for_limit);
  /// Executes as open() does. All rows, up to the run's limit, are read by as many connections as the run asks for, if
  /// that can be.
  void open_rows(const WantedRows& rows);
  /// Gives all rows up to the limit to `sink`, as long as it takes them, and adds what came of them to `result`. False
  /// if the source has no others. To be called once.
  bool read(Sink& sink, LoadResult& result);

  /// The next rows up to the limit, as a Sink gets them, for who asks for them instead of read(); they are valid until
  /// the next call. Null behind the last one, when finish() is to be called. `result` counts them.
  core::RowBatch* next(LoadResult& result);
  /// Adds what came of the rows to `result`. False if the source has no others. To be called once.
  bool finish(LoadResult& result);

 private:
  bool limit_rows();
  void begin_loading();
  bool has_another_row();
  core::RowBatch* fetch(std::uint64_t wanted, bool has_rows);
  void convert(core::RowBatch& batch);
  std::vector<std::uint64_t> invalid_counts() const;
  std::vector<std::uint64_t> substitutions(std::size_t kind) const;

  core::Source& source_;
  pg::Tied<core::RemoteCursor> cursor_;
  core::ParallelRead* parallel_ = nullptr;  ///< instead of the cursor, of several connections; the run's
  const LoadPlan& plan_;
  const Run& run_;
  std::uint64_t max_rows_ = std::numeric_limits<std::uint64_t>::max();
  bool has_more_ = true;        ///< as far as is known
  bool looks_further_ = false;  ///< whether a row behind the limit was asked for
  std::vector<core::BatchColumn> columns_;
  core::RowBatch batch_;
  std::vector<ColumnConverter> converters_;
  BatchMemory memory_;
};

}  // namespace connector::load
