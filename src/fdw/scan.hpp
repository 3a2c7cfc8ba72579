// The scan of a foreign table, or of what a remote joins or groups, as a node of PostgreSQL's executor.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

#include "fdw/connections.hpp"
#include "fdw/reading.hpp"

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
  bool has_row() const noexcept { return is_open_ && !looks_at_rows_ && row_ < reading_->reader().rows(); }
  /// Puts that row into the slot, which is empty. Neither throws nor raises.
  void take_row(TupleTableSlot* slot) noexcept;
  /// Whether the remote can be asked for the values that the parameter of a key (PlannedScan::keys) has now. Connects.
  bool can_send_key(std::size_t key);
  /// Begins again, with other values of parameters if the node says so.
  void rescan();
  /// Gives the connection back.
  void end();

  const ScanCounts& counts() const noexcept { return counts_; }

 private:
  void connect();
  void open();
  bool next_batch();
  void close_cursor();
  bool is_kept(TupleTableSlot* slot);
  TupleTableSlot* next_local_row();

  ForeignScanState* node_;
  const ForeignScan* plan_;
  Oid role_;
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<core::RemoteCursor> cursor_;
  bool is_open_ = false;
  bool is_local_ = false;       ///< the values can't be sent: the plan below, which joins or groups here, is run
  bool looks_at_rows_ = false;  ///< Reading::looked_at_here() has something to look at
  bool more_ = false;           ///< rows behind the batch
  bool is_first_batch_ = true;  ///< and so all rows up to now are in it
  std::size_t row_ = 0;
  ScanCounts counts_;
};

}  // namespace connector::fdw
