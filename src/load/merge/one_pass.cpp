#include "load/merge/one_pass.hpp"

#include <algorithm>

#include "load/merge/difference_table.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace connector::load {

/// All is plain: PostgreSQL calls back from its executor, whose errors jump past destructors. What is open here goes
/// with the (sub)transaction if one does.
struct PassState {
  DestReceiver receiver;  ///< first, as PostgreSQL gives back a pointer to this one
  const RowComparison* comparison;
  MemoryContext context;      ///< this and all that it has are in it
  MemoryContext row_context;  ///< for what comparing a row leaves behind
  KeysMet met;

  QueryDesc* query;
  /// A row that was read and waits for the source's next rows; null if there is none. It is the executor's, and valid
  /// until the executor goes on.
  TupleTableSlot* target;
  bool target_ended;

  Relation staging;
  TupleTableSlot* staged;
  BulkInsertState insert_state;
  CommandId command;
  DifferenceTable difference;

  const std::uint64_t* const* batch_values;  ///< by columns
  const bool* const* batch_nulls;
  std::size_t rows;  ///< of the batch
  std::size_t row;   ///< the one that is compared next
  bool has_row;      ///< whether `values` and `nulls` are of that one
  bool source_ended;
  Datum* values;
  bool* nulls;
  /// The key of the row before, whose values have no NULLs: while the batch lasts, and a copy for the next one.
  Datum* last_values;
  Datum* kept_values;
  bool* no_nulls;
  bool has_kept;
};

namespace {

/// The source's row that is compared next.
RowValues source_row(PassState& pass) {
  if (!pass.has_row) {
    for (int i = 0; i < pass.comparison->column_count(); ++i) {
      pass.values[i] = pass.batch_values[i][pass.row];
      pass.nulls[i] = pass.batch_nulls[i][pass.row];
    }
    pass.has_row = true;
  }
  return {pass.values, pass.nulls};
}

void next_source_row(PassState& pass) {
  ++pass.row;
  pass.has_row = false;
}

/// Puts a row into the staging table; the slot has its address then.
TupleTableSlot* stage(PassState& pass, const RowValues& row) {
  TupleTableSlot* slot = pass.staged;
  ExecClearTuple(slot);
  const auto columns = static_cast<std::size_t>(pass.comparison->column_count());
  std::copy_n(row.values, columns, slot->tts_values);
  std::copy_n(row.nulls, columns, slot->tts_isnull);
  ExecStoreVirtualTuple(slot);
  table_tuple_insert(pass.staging, slot, pass.command, 0, pass.insert_state);
  return slot;
}

bool has_null_key(const PassState& pass, const RowValues& row) {
  return std::ranges::any_of(pass.comparison->key(),
                             [&](const RowComparison::KeyColumn& key) { return row.nulls[key.column]; });
}

/// How the source's next row stands to the one before it. To be asked only of rows that are not in the target: one that
/// is there has the key of the target's row, which is greater than all that came before.
KeysMet compare_with_last(PassState& pass, const RowValues& row) {
  if (has_null_key(pass, row)) return KeysMet::null_key;
  if (pass.row == 0 && !pass.has_kept) return KeysMet::ascending;
  for (const RowComparison::KeyColumn& key : pass.comparison->key()) {
    pass.last_values[key.column] =
        pass.row > 0 ? pass.batch_values[key.column][pass.row - 1] : pass.kept_values[key.column];
  }
  const int order = pass.comparison->compare_keys(row, {pass.last_values, pass.no_nulls});
  if (order == 0) return KeysMet::equal_keys;
  return order > 0 ? KeysMet::ascending : KeysMet::out_of_order;
}

/// The source's next row is not in the target.
void insert(PassState& pass, const RowValues& row) {
  pass.met = compare_with_last(pass, row);
  switch (pass.met) {
    case KeysMet::ascending:
      pass.difference.add(nullptr, stage(pass, row));
      next_source_row(pass);
      return;
    case KeysMet::equal_keys:  // the other one may have been left out, as the target has it
      stage(pass, row);
      stage(pass, row);
      return;
    case KeysMet::null_key:
      stage(pass, row);
      return;
    case KeysMet::out_of_order:
      return;
  }
}

/// Compares a row of the target with the source's next ones. False if more of these must be known.
bool settle(PassState& pass, TupleTableSlot* target) {
  while (pass.row < pass.rows) {
    const RowValues row = source_row(pass);
    // NULL is less than nothing, and a row of the target may have it, too: insert() refuses it.
    const int order = has_null_key(pass, row) ? 1 : pass.comparison->compare_keys(values_of_target(*target), row);
    if (order < 0) {
      pass.difference.add(target, nullptr);
      return true;
    }
    if (order == 0) {
      if (!pass.comparison->same_row(values_of_target(*target), row)) {
        pass.difference.add(target, stage(pass, row));
      }
      next_source_row(pass);
      return true;
    }
    insert(pass, row);
    if (pass.met != KeysMet::ascending) return false;
  }
  if (!pass.source_ended) return false;
  pass.difference.add(target, nullptr);
  return true;
}

bool receive(TupleTableSlot* target, DestReceiver* receiver) {
  PassState& pass = *reinterpret_cast<PassState*>(receiver);
  CHECK_FOR_INTERRUPTS();
  slot_getallattrs(target);
  bool settled = false;
  in_emptied(pass.row_context, [&] { settled = settle(pass, target); });
  if (!settled) pass.target = target;
  return settled;
}

/// Goes on until the source's rows that are known are compared, and if it has ended, all the target's.
void go_on(PassState& pass) {
  if (pass.target != nullptr) {
    bool settled = false;
    in_emptied(pass.row_context, [&] { settled = settle(pass, pass.target); });
    if (!settled) return;
    pass.target = nullptr;
  }
  if (!pass.target_ended) {
    PushActiveSnapshot(pass.query->snapshot);
    connector_executor_run(pass.query);
    PopActiveSnapshot();
    if (pass.target != nullptr) return;
    pass.target_ended = true;
  }
  while (pass.row < pass.rows && pass.met == KeysMet::ascending) {
    in_emptied(pass.row_context, [&] { insert(pass, source_row(pass)); });
  }
}

/// The batch's values go with it.
void keep_last_key(PassState& pass) {
  const MemoryContext old = MemoryContextSwitchTo(pass.context);
  for (const RowComparison::KeyColumn& key : pass.comparison->key()) {
    const RowComparison::Column& column = pass.comparison->columns()[key.column];
    Datum& kept = pass.kept_values[key.column];
    if (pass.has_kept && !column.by_value) pfree(DatumGetPointer(kept));
    kept = datumCopy(pass.batch_values[key.column][pass.rows - 1], column.by_value, column.length);
  }
  pass.has_kept = true;
  MemoryContextSwitchTo(old);
}

/// The query for the target's rows, ready to run.
QueryDesc* open_query(const char* sql, DestReceiver* receiver) {
  List* parsed = pg_parse_query(sql);
  List* analyzed = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), sql, nullptr, 0, nullptr);
  // Without parallel workers, while which nothing can be written.
  PlannedStmt* plan = connector_plan_query(linitial_node(Query, analyzed), sql);
  QueryDesc* query = CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, receiver, nullptr, nullptr, 0);
  ExecutorStart(query, 0);
  return query;
}

/// In the context of the state.
void open_all(PassState& pass, Oid staging, Oid difference, const char* target_rows) {
  pass.receiver.receiveSlot = receive;
  pass.receiver.rStartup = [](DestReceiver*, int, TupleDesc) {};
  pass.receiver.rShutdown = [](DestReceiver*) {};
  pass.receiver.rDestroy = [](DestReceiver*) {};
  pass.receiver.mydest = DestNone;
  pass.row_context = AllocSetContextCreate(pass.context, "connector row", ALLOCSET_DEFAULT_SIZES);
  const auto columns = static_cast<std::size_t>(pass.comparison->column_count());
  pass.values = static_cast<Datum*>(palloc0(columns * sizeof(Datum)));
  pass.last_values = static_cast<Datum*>(palloc0(columns * sizeof(Datum)));
  pass.kept_values = static_cast<Datum*>(palloc0(columns * sizeof(Datum)));
  pass.nulls = static_cast<bool*>(palloc0(columns));
  pass.no_nulls = static_cast<bool*>(palloc0(columns));
  CommandCounterIncrement();
  PushCopiedSnapshot(GetTransactionSnapshot());
  UpdateActiveSnapshotCommandId();
  pass.query = open_query(target_rows, &pass.receiver);
  check_target_row(*pass.comparison, pass.query->tupDesc);
  pass.staging = table_open(staging, RowExclusiveLock);
  check_staging(pass.staging, *pass.comparison);
  if (pass.staging->rd_rel->relhasindex)
    elog(ERROR, "temporary table \"%s\" was altered", RelationGetRelationName(pass.staging));
  pass.staged = table_slot_create(pass.staging, nullptr);
  pass.insert_state = GetBulkInsertState();
  pass.command = GetCurrentCommandId(true);
  pass.difference.open(difference, *pass.comparison);
  PopActiveSnapshot();
  // The first row may take long, where rows have to be sorted: the remote is not to wait for that.
  go_on(pass);
}

void close_all(PassState& pass) {
  ExecutorFinish(pass.query);
  ExecutorEnd(pass.query);
  FreeQueryDesc(pass.query);
  ExecDropSingleTupleTableSlot(pass.staged);
  FreeBulkInsertState(pass.insert_state);
  pass.difference.close();
  table_close(pass.staging, NoLock);
  MemoryContextDelete(pass.context);
}

}  // namespace

OnePass::OnePass(const Staging& staging, const std::vector<std::size_t>& key, const std::string& target_rows)
    : staging_(staging),
      comparison_(staging, key),
      has_nulls_(staging.columns().size(), false),
      values_(staging.columns().size()),
      nulls_(staging.columns().size()) {
  pg::guard([&] {
    const MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "connector comparison", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext old = MemoryContextSwitchTo(context);
    state_ = static_cast<PassState*>(palloc0(sizeof(PassState)));
    state_->context = context;
    state_->comparison = &comparison_;
    open_all(*state_, staging.oid(), staging.difference_oid(), target_rows.c_str());
    MemoryContextSwitchTo(old);
  });
}

void OnePass::write(core::RowBatch& batch, std::size_t rows) {
  // Rows out of order are read to their end, so that the source can be opened again.
  if (rows == 0 || state_->met != KeysMet::ascending) return;
  note_nulls(batch, rows, has_nulls_);
  for (std::size_t column = 0; column < values_.size(); ++column) {
    values_[column] = batch.values(column).data();
    nulls_[column] = batch.nulls(column).data();
  }
  pg::guard([&] {
    PassState& pass = *state_;
    pass.batch_values = values_.data();
    pass.batch_nulls = nulls_.data();
    pass.rows = rows;
    pass.row = 0;
    pass.has_row = false;
    go_on(pass);
    if (pass.met == KeysMet::ascending) keep_last_key(pass);
    pass.rows = pass.row = 0;
  });
}

bool OnePass::is_full() const noexcept {
  return state_->met == KeysMet::null_key || state_->met == KeysMet::equal_keys;
}

KeysMet OnePass::finish(MissingRows missing) {
  const KeysMet met = state_->met;
  pg::guard([&] {
    state_->source_ended = true;
    if (met == KeysMet::ascending && missing == MissingRows::deleted) go_on(*state_);
    close_all(*state_);
  });
  if (met == KeysMet::ascending && missing == MissingRows::kept) {
    pg::execute("DELETE FROM " + staging_.difference() + " WHERE new IS NULL");
  }
  return met;
}

}  // namespace connector::load
