// Fills a table that nobody else can see yet, the way COPY … FREEZE does, but without text in between.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <vector>

#include "core/rows/row_batch.hpp"
#include "load/write/row_rules.hpp"
#include "load/write/sink.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/tableam.h"
#include "storage/buf.h"
}

namespace connector::load {

/// Writes batches with table_multi_insert into a table whose storage was created in this (sub)transaction: rows arrive
/// frozen, pages all-visible, without free space map, and without WAL under wal_level = minimal.
///
/// Constraints, triggers, defaults, generated columns and indexes are the caller's business: it creates the table
/// bare and adds what is wanted afterwards. If an exception passes, the transaction's abort closes everything.
class BulkInsert final : public Sink {
 public:
  /// `attributes` maps the batch's columns to attribute numbers (from 1) of the relation; other attributes are NULL, or
  /// what `rules` (may be null; outlives this) fills in.
  BulkInsert(Oid relation, std::vector<AttrNumber> attributes, RowRules* rules = nullptr);

  void write(core::RowBatch& batch, std::size_t rows) override;

  /// Ends the writing and closes the relation (the lock stays until the transaction's end).
  void finish();

  /// Per batch column: true if a NULL was written.
  const std::vector<bool>& has_nulls() const noexcept { return has_nulls_; }

 private:
  void write_guarded(std::size_t rows);

  std::vector<AttrNumber> attributes_;
  RowRules* rules_;
  std::vector<bool> has_nulls_;
  std::vector<const std::uint64_t*> values_;  // of the batch being written
  std::vector<const bool*> nulls_;
  std::vector<TupleTableSlot*> slots_;
  Relation relation_ = nullptr;
  BulkInsertState state_ = nullptr;
  BufferAccessStrategy ring_ = nullptr;
  MemoryContext slot_context_;
  MemoryContext write_context_;
  CommandId command_;
  int options_;
};

}  // namespace connector::load
