#include "load/merge/difference_table.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

namespace {

/// Where the columns part, old, new, moved, replaced and the key's stand in the table of differences, from 0.
enum DifferenceColumn { part, old_row, new_row, moved, replaced, first_key };

bool is_plain_temporary(Relation table) {
  const FormData_pg_class& facts = *table->rd_rel;
  return facts.relkind == RELKIND_RELATION && facts.relpersistence == RELPERSISTENCE_TEMP &&
         facts.relam == HEAP_TABLE_AM_OID;
}

bool is_column(TupleDesc row, int index, Oid type) {
  const FormData_pg_attribute& column = *TupleDescAttr(row, index);
  return !column.attisdropped && column.atttypid == type;
}

bool is_as_made(Relation table, const RowComparison& comparison) {
  const TupleDesc row = RelationGetDescr(table);
  bool same = is_plain_temporary(table) && !table->rd_rel->relhasindex &&
              row->natts == first_key + comparison.key_count() && is_column(row, part, OIDOID) &&
              is_column(row, old_row, TIDOID) && is_column(row, new_row, TIDOID) && is_column(row, moved, BOOLOID) &&
              is_column(row, replaced, BOOLOID);
  for (int i = 0; same && i < comparison.key_count(); ++i) {
    same = is_column(row, first_key + i, comparison.columns()[comparison.key()[i].column].type);
  }
  return same;
}

}  // namespace

void check_target_row(const RowComparison& comparison, TupleDesc row) {
  bool same = row->natts == target_columns_before + comparison.column_count() && is_column(row, 0, OIDOID) &&
              is_column(row, 1, TIDOID);
  for (int i = 0; same && i < comparison.column_count(); ++i) {
    same = getBaseType(TupleDescAttr(row, target_columns_before + i)->atttypid) ==
           getBaseType(comparison.columns()[i].type);
  }
  if (!same) elog(ERROR, "the table was altered while it was compared");
}

void check_staging(Relation staging, const RowComparison& comparison) {
  const TupleDesc row = RelationGetDescr(staging);
  bool same = is_plain_temporary(staging) && row->natts == comparison.column_count();
  for (int i = 0; same && i < comparison.column_count(); ++i) same = is_column(row, i, comparison.columns()[i].type);
  if (!same) elog(ERROR, "temporary table \"%s\" was altered", RelationGetRelationName(staging));
}

void DifferenceTable::open(Oid table, const RowComparison& comparison) {
  comparison_ = &comparison;
  table_ = table_open(table, RowExclusiveLock);
  if (!is_as_made(table_, comparison)) {
    elog(ERROR, "temporary table \"%s\" was altered", RelationGetRelationName(table_));
  }
  row_ = MakeSingleTupleTableSlot(RelationGetDescr(table_), &TTSOpsVirtual);
  insert_state_ = GetBulkInsertState();
  command_ = GetCurrentCommandId(true);
}

void DifferenceTable::add(const TupleTableSlot* target, TupleTableSlot* staged, bool out_of_order) {
  ExecClearTuple(row_);
  row_->tts_isnull[part] = row_->tts_isnull[old_row] = target == nullptr;
  if (target != nullptr) {
    row_->tts_values[part] = target->tts_values[0];
    row_->tts_values[old_row] = target->tts_values[1];
  }
  row_->tts_isnull[new_row] = staged == nullptr;
  if (staged != nullptr) row_->tts_values[new_row] = PointerGetDatum(&staged->tts_tid);
  row_->tts_values[moved] = BoolGetDatum(out_of_order);
  row_->tts_values[replaced] = BoolGetDatum(false);
  row_->tts_isnull[moved] = row_->tts_isnull[replaced] = false;
  const RowValues keyed = target != nullptr ? values_of_target(*target) : values_of_staged(*staged);
  for (int i = 0; i < comparison_->key_count(); ++i) {
    const int column = comparison_->key()[i].column;
    row_->tts_values[first_key + i] = keyed.values[column];
    row_->tts_isnull[first_key + i] = keyed.nulls[column];
  }
  ExecStoreVirtualTuple(row_);
  table_tuple_insert(table_, row_, command_, 0, insert_state_);
}

void DifferenceTable::close() {
  ExecDropSingleTupleTableSlot(row_);
  FreeBulkInsertState(insert_state_);
  table_close(table_, NoLock);
}

}  // namespace connector::load
