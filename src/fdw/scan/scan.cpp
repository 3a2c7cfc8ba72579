#include "fdw/scan/scan.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "executor/executor.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
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

/// What is nested as deeply as PostgreSQL can take it must have room, too: conditions are written as SQL on that stack.
/// The usual one of most systems is larger than max_stack_depth in the same proportion.
std::size_t stack_bytes() {
  constexpr std::size_t proportion = 4, kilobyte = 1024;
  return std::max(core::PrivateStack::usual_bytes, static_cast<std::size_t>(max_stack_depth) * kilobyte * proportion);
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

/// All that comes before the remote is asked for a batch. False: the plan below is run instead.
bool Scan::begin_batch() {
  if (!is_open_) {
    asked_since_ = std::chrono::steady_clock::now();
    try {
      connect();
      asked_ = reading_->remote_scan(*lease_);
    } catch (const core::Error&) {
      forget();
      throw;
    }
    is_local_ = !asked_;
    if (is_local_) {
      if (!is_async()) give_back();  // the scans below need it
      return false;
    }
    looks_at_rows_ = reading_->looked_at_here() != nullptr;
    reading_->reader().begin();
  }
  is_first_batch_ = !is_open_;
  row_ = 0;
  reading_->reader().clear();
  return true;
}

/// Asks the remote, and calls nothing of PostgreSQL's but what the connection's wait does.
void Scan::read_batch() {
  if (!cursor_) {
    cursor_ = reading_->source().open(*asked_);
    ++counts_.statements;
  }
  more_ = reading_->reader().read(*lease_, *cursor_);
}

/// All that comes behind it.
void Scan::end_batch() {
  RowReader& reader = reading_->reader();
  reader.convert();
  is_open_ = true;
  ++counts_.batches;
  counts_.rows += reader.rows();
  counts_.bytes += reader.bytes();
  if (counts_.batches == 1) counts_.to_first_row = std::chrono::steady_clock::now() - asked_since_;
  if (more_) return;
  cursor_.reset();
  // Others may want the connection. Who has parameters or keys is likely to begin again soon.
  const bool is_likely_to_begin_again = !bms_is_empty(node_->ss.ps.plan->allParam) || reading_->has_keys();
  if (is_async() || !is_likely_to_begin_again) give_back();
}

/// False: the plan below is run instead.
bool Scan::next_batch() {
  if (!begin_batch()) return false;
  try {
    read_batch();
  } catch (const core::Error&) {
    if (!cursor_) forget();
    throw;
  }
  end_batch();
  return true;
}

/// What is known of the tables may be wrong. The next statement looks, and plans that were made before are made again.
void Scan::forget() {
  if (lease_) reading_->forget(*lease_);
  give_back();
  pg::guard([] { ResetPlanCache(); });
}

void Scan::give_back() noexcept {
  call_.reset();
  lease_.reset();
  turn_.reset();
}

bool Scan::may_ask(const AsyncRequest* request, bool waits) {
  if (is_asking_) return false;
  if (turn_) return true;
  if (!OidIsValid(server_)) server_ = reading_->server();
  return AsyncTurn::is_free(server_) || (waits && AsyncTurn::is_needed(server_, *request));
}

void Scan::ask(const AsyncRequest* request) {
  if (!turn_) turn_.emplace(server_, request);
  const bool asks_remote = begin_batch();
  if (!call_) call_.emplace(lease_->wait(), stack_bytes());
  if (asks_remote) call_->begin([this] { read_batch(); });
  is_asking_ = true;
}

bool Scan::go_on() {
  lease_->wait().check();
  call_->go_on();
  if (!call_->has_ended()) return false;
  is_asking_ = false;
  if (is_local_) {
    give_back();
    return true;
  }
  try {
    call_->result();
  } catch (const core::Error&) {
    if (!cursor_) forget();
    throw;
  }
  end_batch();
  return true;
}

/// For who wants no more rows: brings to its end what is being asked for, soon. False: the cursor is of no more use.
bool Scan::finish_asking() noexcept {
  if (!std::exchange(is_asking_, false)) return true;
  try {
    if (call_->finish_until(std::chrono::steady_clock::now() + RowReader::rest_time)) {
      call_->result();
      return true;
    }
  } catch (...) {  // the rows are nobody's: whatever is wrong with them, or with the remote, is no matter
  }
  call_->leave();
  return false;
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
  if (is_local_) return next_local_row();
  do {
    pg::guard([slot] { ExecClearTuple(slot); });
    while (!is_open_ || is_asking_ || row_ >= reading_->reader().rows()) {
      if (is_async() || (is_open_ && !more_)) return slot;
      if (!next_batch()) return next_local_row();
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
  const bool is_sound = finish_asking();
  if (!cursor_) return;
  if (is_sound && more_ && !lease_->connection().survives_early_end()) reading_->reader().read_rest(*lease_, *cursor_);
  cursor_.reset();
  // Some connections end with a cursor that was not read to its end. The next scan gets another one.
  if (!lease_->connection().usable()) give_back();
}

bool Scan::can_send_key(std::size_t key) {
  // Whoever asks has no use for the rest of the rows, and a connection may take no question while it streams them.
  close_cursor();
  is_open_ = false;
  try {
    connect();
    return reading_->can_send_key(key);
  } catch (const core::Error&) {
    forget();
    throw;
  }
}

void Scan::rescan() {
  if (is_local_) is_local_ = is_asking_ = false;  // PostgreSQL has the plan below begin again by itself
  // A batch that is on its way is not waited for: the Append may have no use for the scan any more.
  if (node_->ss.ps.chgParam == nullptr && is_open_ && is_first_batch_) {
    row_ = 0;
    return;
  }
  close_cursor();
  is_open_ = false;
  // Nobody may ask again: an Append passes over partitions that it has no use for.
  if (is_async()) give_back();
}

void Scan::end() {
  close_cursor();
  is_open_ = false;
  give_back();
}

}  // namespace connector::fdw
