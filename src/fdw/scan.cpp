#include "fdw/scan.hpp"

#include <utility>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/plancache.h"
}

namespace connector::fdw {

namespace {

/// The first of the relations that a scan is of: all of them are read by one role.
Index first_relation(const ForeignScan* plan) {
  return is_combined(plan) ? static_cast<Index>(bms_next_member(plan->fs_relids, -1)) : plan->scan.scanrelid;
}

Oid role_of(const ForeignScanState* node, const ForeignScan* plan) {
  [[maybe_unused]] const RangeTblEntry* entry =
      exec_rt_fetch(first_relation(plan), const_cast<EState*>(node->ss.ps.state));
  const Oid role = connector_scan_role(plan, entry);
  return OidIsValid(role) ? role : GetUserId();
}

}  // namespace

Scan::Scan(ForeignScanState* node)
    : node_(node),
      plan_(reinterpret_cast<const ForeignScan*>(node->ss.ps.plan)),
      role_(role_of(node, plan_)),
      reading_(is_combined(plan_) ? new_combined_reading(node, plan_) : new_table_reading(node, plan_)) {}

void Scan::connect() {
  if (lease_) return;
  lease_ = lease(reading_->server(), role_);
  reading_->prepare(*lease_);
}

void Scan::open() {
  const auto begin = std::chrono::steady_clock::now();
  connect();
  try {
    const std::optional<core::Scan> scan = reading_->remote_scan(*lease_);
    is_local_ = !scan;
    if (is_local_) return;
    looks_at_rows_ = reading_->looked_at_here() != nullptr;
    cursor_ = reading_->source().open(*scan);
  } catch (const core::Error&) {
    // What is known of the tables may be wrong. The next statement looks, and plans that were made before are made
    // again.
    reading_->forget(*lease_);
    lease_.reset();
    pg::guard([] { ResetPlanCache(); });
    throw;
  }
  ++counts_.statements;
  reading_->reader().begin();
  is_open_ = more_ = is_first_batch_ = true;
  row_ = 0;
  next_batch();
  is_first_batch_ = true;
  if (counts_.statements == 1) counts_.to_first_row = std::chrono::steady_clock::now() - begin;
}

/// False if there are no more rows.
bool Scan::next_batch() {
  row_ = 0;
  is_first_batch_ = false;
  RowReader& reader = reading_->reader();
  more_ = reader.fetch(*lease_, *cursor_);
  ++counts_.batches;
  counts_.rows += reader.rows();
  counts_.bytes += reader.bytes();
  if (!more_) {
    cursor_.reset();
    // Others may want the connection. Who has parameters is likely to begin again soon.
    if (bms_is_empty(node_->ss.ps.plan->allParam) && !reading_->has_keys()) lease_.reset();
  }
  return reader.rows() > 0;
}

bool Scan::is_kept(TupleTableSlot* slot) {
  if (!looks_at_rows_) return true;
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  const bool kept = pg::guard([&] {
    ResetExprContext(context);
    context->ecxt_scantuple = slot;
    return ExecQual(reading_->looked_at_here(), context);
  });
  if (!kept) ++counts_.dropped;
  return kept;
}

/// Of the plan below, whose rows are like those of the scan. Its nodes keep rows beyond the memory that a scan's row is
/// made in.
TupleTableSlot* Scan::next_local_row() {
  return pg::guard([this] {
    TupleTableSlot* slot = ExecClearTuple(node_->ss.ss_ScanTupleSlot);
    const MemoryContext outer = MemoryContextSwitchTo(node_->ss.ps.state->es_query_cxt);
    TupleTableSlot* row = ExecProcNode(outerPlanState(node_));
    MemoryContextSwitchTo(outer);
    return TupIsNull(row) ? slot : ExecCopySlot(slot, row);
  });
}

TupleTableSlot* Scan::next() {
  TupleTableSlot* slot = node_->ss.ss_ScanTupleSlot;
  if (!is_open_ && !is_local_) open();
  if (is_local_) return next_local_row();
  do {
    pg::guard([slot] { ExecClearTuple(slot); });
    while (row_ >= reading_->reader().rows()) {
      if (!more_) return slot;
      next_batch();
    }
    take_row(slot);
  } while (!is_kept(slot));
  return slot;
}

void Scan::take_row(TupleTableSlot* slot) noexcept {
  reading_->reader().store(row_++, slot);
  ExecStoreVirtualTuple(slot);
}

void Scan::close_cursor() {
  if (!cursor_) return;
  if (!lease_->connection().survives_early_end()) reading_->reader().read_rest(*lease_, *cursor_);
  cursor_.reset();
}

bool Scan::can_send_key(std::size_t key) {
  connect();
  return reading_->can_send_key(key);
}

void Scan::rescan() {
  is_local_ = false;  // PostgreSQL has the plan below begin again by itself
  if (!is_open_) return;
  if (node_->ss.ps.chgParam == nullptr && is_first_batch_) {
    row_ = 0;
    return;
  }
  close_cursor();
  is_open_ = false;
}

void Scan::end() {
  close_cursor();
  is_open_ = false;
  lease_.reset();
}

}  // namespace connector::fdw
