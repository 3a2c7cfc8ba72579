#include "load/write/bulk_insert.hpp"

#include <algorithm>

#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "access/hio.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "executor/tuptable.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace connector::load {

BulkInsert::BulkInsert(Oid relation, std::vector<AttrNumber> attributes, RowRules* rules)
    : attributes_(std::move(attributes)), rules_(rules), has_nulls_(attributes_.size(), false) {
  pg::guard([&] {
    relation_ = table_open(relation, AccessExclusiveLock);
    // Frozen rows are right only where no other transaction can have seen the storage, and an abort removes it.
    const SubTransactionId current = GetCurrentSubTransactionId();
    const bool storage_is_new =
        relation_->rd_createSubid == current || connector_new_storage_subid(relation_) == current;
    options_ = TABLE_INSERT_SKIP_FSM;
    if (storage_is_new && relation_->rd_rel->relam == HEAP_TABLE_AM_OID) options_ |= TABLE_INSERT_FROZEN;
    state_ = GetBulkInsertState();
    // The ring of buffers that bulk writes go through spares the cache from a large table, but makes this backend write
    // every page itself, and indexes and ANALYZE read them again. Up to a quarter of shared_buffers, where PostgreSQL's
    // own sequential scans begin to use a ring, pages stay in the cache like those of ordinary inserts.
    ring_ = state_->strategy;
    state_->strategy = nullptr;
    command_ = GetCurrentCommandId(true);
    slot_context_ = CurrentMemoryContext;
    write_context_ = AllocSetContextCreate(CurrentMemoryContext, "connector bulk insert", ALLOCSET_DEFAULT_SIZES);
  });
  values_.resize(attributes_.size());
  nulls_.resize(attributes_.size());
}

void BulkInsert::write(core::RowBatch& batch, std::size_t rows) {
  if (rows == 0) return;
  note_nulls(batch, rows, has_nulls_);
  for (std::size_t column = 0; column < attributes_.size(); ++column) {
    values_[column] = batch.values(column).data();
    nulls_[column] = batch.nulls(column).data();
  }
  if (slots_.size() < rows) slots_.resize(rows, nullptr);
  pg::guard([this, rows] { write_guarded(rows); });
}

void BulkInsert::write_guarded(std::size_t rows) {
  const std::size_t columns = attributes_.size();
  const int natts = RelationGetDescr(relation_)->natts;
  for (std::size_t row = 0; row < rows; ++row) {
    TupleTableSlot*& slot = slots_[row];
    if (slot == nullptr) {
      const MemoryContext old = MemoryContextSwitchTo(slot_context_);
      slot = table_slot_create(relation_, nullptr);
      MemoryContextSwitchTo(old);
      // Attributes that no column of the batch fills stay NULL in every row.
      std::fill_n(slot->tts_isnull, natts, true);
    } else {
      ExecClearTuple(slot);
    }
    for (std::size_t column = 0; column < columns; ++column) {
      const int index = attributes_[column] - 1;
      slot->tts_values[index] = values_[column][row];
      slot->tts_isnull[index] = nulls_[column][row];
    }
    ExecStoreVirtualTuple(slot);
  }
  if (state_->strategy == nullptr && RelationGetNumberOfBlocks(relation_) > static_cast<BlockNumber>(NBuffers / 4)) {
    state_->strategy = ring_;
  }
  // table_multi_insert() may leave memory behind.
  const MemoryContext old = MemoryContextSwitchTo(write_context_);
  if (rules_ != nullptr) {
    for (std::size_t row = 0; row < rows; ++row) rules_->apply(slots_[row]);
  }
  table_multi_insert(relation_, slots_.data(), static_cast<int>(rows), command_, options_, state_);
  MemoryContextSwitchTo(old);
  MemoryContextReset(write_context_);
}

void BulkInsert::finish() {
  pg::guard([this] {
    for (TupleTableSlot* slot : slots_) {
      if (slot != nullptr) ExecDropSingleTupleTableSlot(slot);
    }
    state_->strategy = ring_;
    FreeBulkInsertState(state_);
    table_finish_bulk_insert(relation_, options_);
    table_close(relation_, NoLock);
    MemoryContextDelete(write_context_);
  });
  slots_.clear();
}

}  // namespace connector::load
