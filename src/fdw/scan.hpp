// The scan of a foreign table, as a node of PostgreSQL's executor.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "fdw/connections.hpp"
#include "fdw/foreign_table.hpp"
#include "fdw/planned_scan.hpp"
#include "fdw/row_reader.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::fdw {

/// What EXPLAIN ANALYZE tells of a scan.
struct ScanCounts {
  std::uint64_t statements = 0;  ///< that the remote was sent
  std::uint64_t batches = 0;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t dropped = 0;  ///< rows that were looked at again here, as the remote could not be asked with the values
  std::chrono::duration<double, std::milli> to_first_row{0};
};

/// Belongs to the executor's memory context of the query. Its destructor calls nothing of PostgreSQL's.
class Scan {
 public:
  explicit Scan(ForeignScanState* node);

  /// The next row in the node's slot; an empty slot behind the last one. Connects and executes with the first call.
  TupleTableSlot* next();
  /// Whether next() has nothing to do but to hand out a row of the batch.
  bool has_row() const noexcept { return is_open_ && looked_at_here_ == nullptr && row_ < reader_->rows(); }
  /// Puts that row into the slot, which is empty. Neither throws nor raises.
  void take_row(TupleTableSlot* slot) noexcept;
  /// Begins again, with other values of parameters if the node says so.
  void rescan();
  /// Gives the connection back.
  void end();

  const ScanCounts& counts() const noexcept { return counts_; }

 private:
  /// A condition that the remote gets.
  struct Condition {
    Expr* clause = nullptr;
    bool is_exact = false;                       ///< nobody else looks at it
    std::optional<core::Expression> expression;  ///< nothing: the remote can't be asked any more
    bool is_partial = false;
  };

  void connect();
  void prepare();
  void open();
  bool next_batch();
  void close_cursor();
  core::Scan remote_scan();
  std::vector<std::vector<core::Expression>> parameter_values();
  std::optional<std::int64_t> row_limit();
  void choose_columns(const List* looked_at_here);
  void look_at_here(const List* clauses);
  bool is_kept(TupleTableSlot* slot);
  [[noreturn]] void plan_is_outdated() const;

  ForeignScanState* node_;
  MemoryContext memory_;   ///< of what is prepared for a connection
  MemoryContext reading_;  ///< of the reader
  MemoryContext checks_;   ///< of what is looked at here
  const ForeignScan* plan_;
  Oid role_;
  PlannedScan planned_;
  std::shared_ptr<const ForeignTable> table_;
  std::unique_ptr<Lease> lease_;
  core::Source* source_ = nullptr;
  ComparableColumns comparable_;
  std::vector<Condition> conditions_;
  std::vector<Parameter> parameters_;
  std::vector<ExprState*> parameter_states_;
  ExprState* limit_ = nullptr;
  ExprState* offset_ = nullptr;
  std::unique_ptr<RowReader> reader_;
  std::unique_ptr<core::RemoteCursor> cursor_;
  ExprState* looked_at_here_ = nullptr;  ///< exact conditions that the remote can't be asked with these values
  bool is_open_ = false;
  bool more_ = false;           ///< rows behind the batch
  bool is_first_batch_ = true;  ///< and so all rows up to now are in it
  std::size_t row_ = 0;
  ScanCounts counts_;
};

}  // namespace connector::fdw
