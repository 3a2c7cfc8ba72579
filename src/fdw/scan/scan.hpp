// The scan of a foreign table, or of what a remote joins or groups, as a node of PostgreSQL's executor.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/net/async_call.hpp"
#include "core/remote/scan.hpp"
#include "fdw/connect/async_turn.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/scan/reading.hpp"

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

  /// The next row in the node's slot; an empty slot behind the last one, and, if the scan is carried out
  /// asynchronously, where the next ones are to be asked for. Else connects and executes with the first call.
  TupleTableSlot* next();
  /// Whether next() has nothing to do but to hand out a row of the batch.
  bool has_row() const noexcept {
    return is_open_ && !is_asking_ && !looks_at_rows_ && row_ < reading_->reader().rows();
  }
  /// Puts that row into the slot, which is empty. Neither throws nor raises.
  void take_row(TupleTableSlot* slot) noexcept;
  /// Whether the remote can be asked for the values that the parameter of a key (PlannedScan::keys) has now. Connects,
  /// and ends the scan before: the next one is begun by rescan() or next().
  bool can_send_key(std::size_t key);
  /// Begins again, with other values of parameters if the node says so.
  void rescan();
  /// Gives the connection back.
  void end();

  // Asynchronously.
  /// Behind a row of next() that is none: whether it was the end.
  bool has_ended() const noexcept { return is_local_ || (is_open_ && !more_); }
  /// Whether it is the scan's turn to ask for the next rows, and they are not being asked for. `waits`: the Append has
  /// asked all its scans, and is about to wait for them.
  bool may_ask(const AsyncRequest* request, bool waits);
  /// Asks for them.
  void ask(const AsyncRequest* request);
  bool is_asking() const noexcept { return is_asking_; }
  /// Goes on with asking. True: it has ended, and next() has the rows, or runs the plan below.
  bool go_on();
  /// Readable as soon as go_on() has something to do, and behind `latest`.
  int descriptor(core::Deadline latest) { return call_->descriptor(latest); }

  const ScanCounts& counts() const noexcept { return counts_; }

 private:
  void connect();
  bool is_async() const noexcept { return node_->ss.ps.async_capable; }
  bool begin_batch();
  void read_batch();
  void end_batch();
  bool next_batch();
  void forget();
  bool finish_asking() noexcept;
  void close_cursor();
  void give_back() noexcept;
  bool is_kept(TupleTableSlot* slot);
  TupleTableSlot* next_local_row();

  ForeignScanState* node_;
  const ForeignScan* plan_;
  Oid role_;
  std::unique_ptr<Reading> reading_;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<core::RemoteCursor> cursor_;
  std::optional<core::Scan> asked_;  ///< what the remote is asked for
  std::chrono::steady_clock::time_point asked_since_{};
  bool is_open_ = false;
  bool is_local_ = false;       ///< the values can't be sent: the plan below, which joins or groups here, is run
  bool looks_at_rows_ = false;  ///< Reading::looked_at_here() has something to look at
  bool more_ = false;           ///< rows behind the batch
  bool is_first_batch_ = true;  ///< and so all rows up to now are in it
  std::size_t row_ = 0;
  ScanCounts counts_;
  Oid server_ = InvalidOid;
  bool is_asking_ = false;
  std::optional<AsyncTurn> turn_;
  std::optional<core::AsyncCall> call_;  ///< ends before all that it uses
};

}  // namespace connector::fdw
