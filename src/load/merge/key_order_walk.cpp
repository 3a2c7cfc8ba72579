#include "load/merge/key_order_walk.hpp"

#include <algorithm>
#include <cmath>

#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"
}

namespace connector::load {

namespace {

/// The walk is given up when more rows than these, and than one of so many, are out of order: to compare each of them
/// afterwards would cost more than an index.
constexpr std::uint64_t few_rows = 1000;
constexpr std::uint64_t rows_to_one_out_of_order = 8;

constexpr BlockNumber most_samples = 10000;

/// Where the columns part, old, new, moved, replaced and the key's stand in the table of differences, from 0.
enum DifferenceColumn { part, old_row, new_row, moved, replaced, first_key };

/// Before the staging table's columns the target's rows have tableoid and ctid.
constexpr int target_columns_before = 2;

struct WalkedColumn {
  Oid type;
  bool by_value;
  int16 length;
};

struct WalkedKey {
  int column;  ///< from 0
  Oid collation;
  FmgrInfo* compare;  ///< of the type cache, which keeps it
};

/// A row of the staging table, at the beginning of one of its pages.
struct Sample {
  ItemPointerData place;
  Datum* key;  ///< a value for each column of the key
};

/// All is plain: PostgreSQL calls back from its executor, whose errors jump past destructors. What is opened here goes
/// with the transaction if one does.
struct Walk {
  DestReceiver receiver;  ///< first, as PostgreSQL gives back a pointer to this one
  Oid staging_oid;
  Oid difference_oid;
  const WalkedColumn* columns;
  int column_count;
  const WalkedKey* keys;
  int key_count;

  Relation staging;
  TableScanDesc scan;
  TupleTableSlot* staged;  ///< the row that the walk has come to; it has the greatest key up to now
  TupleTableSlot* spare;
  bool has_staged;  ///< false when all were read
  /// Most of the rows lie between these, whose keys ascend; the others are out of order. Without them, a single row
  /// with a great key would make all that follow it come too late.
  Sample* samples;
  int sample_count;
  int next_sample;
  Relation difference;
  TupleTableSlot* found;
  BulkInsertState insert_state;
  CommandId command;
  MemoryContext sample_context;
  MemoryContext row_context;
  std::uint64_t read;
  std::uint64_t out_of_order;
  bool gave_up;
};

int compare_values(const WalkedKey& key, Datum left, Datum right) {
  return DatumGetInt32(FunctionCall2Coll(key.compare, key.collation, left, right));
}

int compare_keys(const Walk& walk, const Datum* left, const bool* left_nulls, const Datum* right,
                 const bool* right_nulls) {
  for (int i = 0; i < walk.key_count; ++i) {
    const WalkedKey& key = walk.keys[i];
    const bool left_null = left_nulls[key.column];
    const bool right_null = right_nulls[key.column];
    if (left_null || right_null) {  // last, as in ORDER BY
      if (left_null != right_null) return left_null ? 1 : -1;
      continue;
    }
    const int order = compare_values(key, left[key.column], right[key.column]);
    if (order != 0) return order;
  }
  return 0;
}

bool same_value(const WalkedColumn& column, Datum left, Datum right) {
  if (datum_image_eq(left, right, column.by_value, column.length)) return true;
  switch (column.type) {
    case NUMERICOID:
      if (numeric_is_nan(DatumGetNumeric(left))) return numeric_is_nan(DatumGetNumeric(right));
      if (numeric_is_inf(DatumGetNumeric(left)) || numeric_is_inf(DatumGetNumeric(right))) return false;
      return DatumGetBool(DirectFunctionCall2(numeric_eq, left, right)) &&
             DatumGetInt32(DirectFunctionCall1(numeric_scale, left)) ==
                 DatumGetInt32(DirectFunctionCall1(numeric_scale, right));
    case FLOAT4OID:
      return std::isnan(DatumGetFloat4(left)) && std::isnan(DatumGetFloat4(right));
    case FLOAT8OID:
      return std::isnan(DatumGetFloat8(left)) && std::isnan(DatumGetFloat8(right));
    default:
      return false;
  }
}

bool same_row(const Walk& walk, const TupleTableSlot& target, const TupleTableSlot& staged) {
  for (int i = 0; i < walk.column_count; ++i) {
    const int in_target = i + target_columns_before;
    if (target.tts_isnull[in_target] != staged.tts_isnull[i]) return false;
    if (staged.tts_isnull[i]) continue;
    if (!same_value(walk.columns[i], target.tts_values[in_target], staged.tts_values[i])) return false;
  }
  return true;
}

/// One row for the table of differences: of the target's `target`, the staging table's `staged`, or both.
void add(Walk& walk, const TupleTableSlot* target, TupleTableSlot* staged, bool out_of_order = false) {
  TupleTableSlot* found = walk.found;
  ExecClearTuple(found);
  found->tts_isnull[part] = found->tts_isnull[old_row] = target == nullptr;
  if (target != nullptr) {
    found->tts_values[part] = target->tts_values[0];
    found->tts_values[old_row] = target->tts_values[1];
  }
  found->tts_isnull[new_row] = staged == nullptr;
  if (staged != nullptr) found->tts_values[new_row] = PointerGetDatum(&staged->tts_tid);
  found->tts_values[moved] = BoolGetDatum(out_of_order);
  found->tts_values[replaced] = BoolGetDatum(false);
  found->tts_isnull[moved] = found->tts_isnull[replaced] = false;
  for (int i = 0; i < walk.key_count; ++i) {
    const int column = walk.keys[i].column;
    const int in_target = column + target_columns_before;
    found->tts_values[first_key + i] = target != nullptr ? target->tts_values[in_target] : staged->tts_values[column];
    found->tts_isnull[first_key + i] = target != nullptr ? target->tts_isnull[in_target] : staged->tts_isnull[column];
  }
  ExecStoreVirtualTuple(found);
  table_tuple_insert(walk.difference, found, walk.command, 0, walk.insert_state);
}

int compare_samples(const Walk& walk, const Sample& left, const Sample& right) {
  for (int i = 0; i < walk.key_count; ++i) {
    const int order = compare_values(walk.keys[i], left.key[i], right.key[i]);
    if (order != 0) return order;
  }
  return 0;
}

/// Reads a row of every so many pages.
void read_samples(Walk& walk) {
  const BlockNumber blocks = RelationGetNumberOfBlocks(walk.staging);
  const BlockNumber step = blocks / most_samples + 1;
  walk.samples = static_cast<Sample*>(palloc((blocks / step + 1) * sizeof(Sample)));
  ItemPointerData last;
  ItemPointerSet(&last, MaxBlockNumber, MaxOffsetNumber);
  TableScanDesc scan = nullptr;
  for (BlockNumber block = 0; block < blocks;) {
    ItemPointerData first;
    ItemPointerSet(&first, block, 1);
    if (scan == nullptr) {
      scan = table_beginscan_tidrange(walk.staging, GetActiveSnapshot(), &first, &last);
    } else {
      table_rescan_tidrange(scan, &first, &last);
    }
    if (!table_scan_getnextslot_tidrange(scan, ForwardScanDirection, walk.spare)) break;
    slot_getallattrs(walk.spare);
    Sample& sample = walk.samples[walk.sample_count++];
    sample.place = walk.spare->tts_tid;
    block = std::max(block + step, ItemPointerGetBlockNumber(&sample.place) + 1);
    sample.key = static_cast<Datum*>(palloc(walk.key_count * sizeof(Datum)));
    for (int i = 0; i < walk.key_count; ++i) {
      const WalkedColumn& column = walk.columns[walk.keys[i].column];
      sample.key[i] = datumCopy(walk.spare->tts_values[walk.keys[i].column], column.by_value, column.length);
    }
  }
  if (scan != nullptr) table_endscan(scan);
  ExecClearTuple(walk.spare);
}

/// Leaves the longest series of samples whose keys ascend.
void keep_ascending_samples(Walk& walk) {
  // The last sample of the best series of each length, which is the one with the least key, and each sample's
  // predecessor in its series.
  int* ends = static_cast<int*>(palloc((walk.sample_count + 1) * sizeof(int)));
  int* predecessors = static_cast<int*>(palloc((walk.sample_count + 1) * sizeof(int)));
  int longest = 0;
  for (int i = 0; i < walk.sample_count; ++i) {
    int* end = std::lower_bound(ends, ends + longest, i, [&](int left, int right) {
      return compare_samples(walk, walk.samples[left], walk.samples[right]) < 0;
    });
    predecessors[i] = end == ends ? -1 : end[-1];
    if (end == ends + longest) ++longest;
    *end = i;
  }
  Sample* kept = static_cast<Sample*>(palloc((longest + 1) * sizeof(Sample)));
  int sample = longest == 0 ? -1 : ends[longest - 1];
  for (int i = longest - 1; i >= 0; --i) {
    kept[i] = walk.samples[sample];
    sample = predecessors[sample];
  }
  const auto dropped = static_cast<std::uint64_t>(walk.sample_count - longest);
  walk.gave_up = dropped * rows_to_one_out_of_order > static_cast<std::uint64_t>(walk.sample_count);
  walk.samples = kept;
  walk.sample_count = longest;
}

/// Whether the row that was just read has no place in the order.
bool is_out_of_order(Walk& walk) {
  TupleTableSlot* row = walk.spare;
  while (walk.next_sample < walk.sample_count &&
         ItemPointerCompare(&walk.samples[walk.next_sample].place, &row->tts_tid) <= 0) {
    ++walk.next_sample;
  }
  const TupleTableSlot* before = walk.staged;
  if (walk.has_staged &&
      compare_keys(walk, row->tts_values, row->tts_isnull, before->tts_values, before->tts_isnull) <= 0) {
    return true;
  }
  if (walk.next_sample == walk.sample_count) return false;
  const Datum* behind = walk.samples[walk.next_sample].key;
  for (int i = 0; i < walk.key_count; ++i) {
    const int order = compare_values(walk.keys[i], row->tts_values[walk.keys[i].column], behind[i]);
    if (order != 0) return order > 0;
  }
  return true;
}

/// Goes to the next row of the staging table that lies in the key's order.
void next_staged(Walk& walk) {
  while (!walk.gave_up) {
    CHECK_FOR_INTERRUPTS();
    if (!table_scan_getnextslot(walk.scan, ForwardScanDirection, walk.spare)) break;
    slot_getallattrs(walk.spare);
    ++walk.read;
    if (!is_out_of_order(walk)) {
      std::swap(walk.staged, walk.spare);
      walk.has_staged = true;
      return;
    }
    add(walk, nullptr, walk.spare, true);
    walk.gave_up = ++walk.out_of_order > few_rows && walk.out_of_order * rows_to_one_out_of_order > walk.read;
  }
  walk.has_staged = false;
}

/// Runs `step` in memory of its own.
template <typename Step>
void in_row_context(Walk& walk, Step&& step) {
  MemoryContextReset(walk.row_context);
  const MemoryContext old = MemoryContextSwitchTo(walk.row_context);
  step();
  MemoryContextSwitchTo(old);
}

bool is_plain_temporary(Relation table) {
  const FormData_pg_class& facts = *table->rd_rel;
  return facts.relkind == RELKIND_RELATION && facts.relpersistence == RELPERSISTENCE_TEMP &&
         facts.relam == HEAP_TABLE_AM_OID;
}

bool is_column(TupleDesc row, int index, Oid type) {
  const FormData_pg_attribute& column = *TupleDescAttr(row, index);
  return !column.attisdropped && column.atttypid == type;
}

/// Code of the table's owner has run since the temporary tables were made, as the planner may call functions of
/// policies; and values are read here as what they were declared to be. While the tables are open PostgreSQL refuses to
/// alter them.
void check_staging(const Walk& walk) {
  const TupleDesc row = RelationGetDescr(walk.staging);
  bool same = is_plain_temporary(walk.staging) && row->natts == walk.column_count;
  for (int i = 0; same && i < walk.column_count; ++i) same = is_column(row, i, walk.columns[i].type);
  if (!same) elog(ERROR, "temporary table \"%s\" was altered", RelationGetRelationName(walk.staging));
}

void check_difference(const Walk& walk) {
  const TupleDesc row = RelationGetDescr(walk.difference);
  bool same = is_plain_temporary(walk.difference) && !walk.difference->rd_rel->relhasindex &&
              row->natts == first_key + walk.key_count && is_column(row, part, OIDOID) &&
              is_column(row, old_row, TIDOID) && is_column(row, new_row, TIDOID) && is_column(row, moved, BOOLOID) &&
              is_column(row, replaced, BOOLOID);
  for (int i = 0; same && i < walk.key_count; ++i) {
    same = is_column(row, first_key + i, walk.columns[walk.keys[i].column].type);
  }
  if (!same) elog(ERROR, "temporary table \"%s\" was altered", RelationGetRelationName(walk.difference));
}

void check_target(const Walk& walk, TupleDesc row) {
  bool same =
      row->natts == target_columns_before + walk.column_count && is_column(row, 0, OIDOID) && is_column(row, 1, TIDOID);
  for (int i = 0; same && i < walk.column_count; ++i) {
    same = getBaseType(TupleDescAttr(row, target_columns_before + i)->atttypid) == getBaseType(walk.columns[i].type);
  }
  if (!same) elog(ERROR, "the table was altered while it was compared");
}

/// Reads the samples; gives up if they show no order.
void look_at_order(Walk& walk) {
  walk.sample_context = AllocSetContextCreate(CurrentMemoryContext, "connector samples", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext old = MemoryContextSwitchTo(walk.sample_context);
  PushCopiedSnapshot(GetTransactionSnapshot());
  UpdateActiveSnapshotCommandId();
  walk.staging = table_open(walk.staging_oid, AccessShareLock);
  if (walk.staging->rd_rel->relam == HEAP_TABLE_AM_OID) {
    check_staging(walk);
    walk.spare = table_slot_create(walk.staging, nullptr);
    read_samples(walk);
    ExecDropSingleTupleTableSlot(walk.spare);
    keep_ascending_samples(walk);
  } else {
    walk.gave_up = true;  // other access methods need not know ranges of addresses
  }
  table_close(walk.staging, NoLock);
  PopActiveSnapshot();
  MemoryContextSwitchTo(old);
}

void start(DestReceiver* receiver, int, TupleDesc target) {
  Walk& walk = *reinterpret_cast<Walk*>(receiver);
  walk.staging = table_open(walk.staging_oid, AccessShareLock);
  walk.difference = table_open(walk.difference_oid, RowExclusiveLock);
  check_staging(walk);
  check_difference(walk);
  check_target(walk, target);
  walk.scan = table_beginscan(walk.staging, GetActiveSnapshot(), 0, nullptr);
  walk.staged = table_slot_create(walk.staging, nullptr);
  walk.spare = table_slot_create(walk.staging, nullptr);
  walk.found = MakeSingleTupleTableSlot(RelationGetDescr(walk.difference), &TTSOpsVirtual);
  walk.insert_state = GetBulkInsertState();
  walk.command = GetCurrentCommandId(true);
  walk.row_context = AllocSetContextCreate(CurrentMemoryContext, "connector comparison", ALLOCSET_DEFAULT_SIZES);
  in_row_context(walk, [&] { next_staged(walk); });
}

bool receive(TupleTableSlot* target, DestReceiver* receiver) {
  Walk& walk = *reinterpret_cast<Walk*>(receiver);
  slot_getallattrs(target);
  in_row_context(walk, [&] {
    int order = -1;
    while (walk.has_staged) {
      order = compare_keys(walk, target->tts_values + target_columns_before, target->tts_isnull + target_columns_before,
                           walk.staged->tts_values, walk.staged->tts_isnull);
      if (order <= 0) break;
      add(walk, nullptr, walk.staged);
      next_staged(walk);
    }
    if (!walk.has_staged || order < 0) {
      add(walk, target, nullptr);
    } else {
      if (!same_row(walk, *target, *walk.staged)) add(walk, target, walk.staged);
      next_staged(walk);
    }
  });
  return !walk.gave_up;
}

void finish(DestReceiver* receiver) {
  Walk& walk = *reinterpret_cast<Walk*>(receiver);
  while (walk.has_staged) {
    in_row_context(walk, [&] {
      add(walk, nullptr, walk.staged);
      next_staged(walk);
    });
  }
  table_endscan(walk.scan);
  for (TupleTableSlot* slot : {walk.staged, walk.spare, walk.found}) ExecDropSingleTupleTableSlot(slot);
  FreeBulkInsertState(walk.insert_state);
  table_close(walk.difference, NoLock);
  table_close(walk.staging, NoLock);
  MemoryContextDelete(walk.row_context);
}

FmgrInfo* comparator_of(Oid type) {
  return pg::guard([&] {
    TypeCacheEntry* entry = lookup_type_cache(getBaseType(type), TYPECACHE_CMP_PROC_FINFO);
    return OidIsValid(entry->cmp_proc) ? &entry->cmp_proc_finfo : nullptr;
  });
}

}  // namespace

bool have_order(const Staging& staging, const std::vector<std::size_t>& columns) {
  return std::ranges::all_of(
      columns, [&](std::size_t column) { return comparator_of(staging.columns()[column].type) != nullptr; });
}

WalkResult walk_in_key_order(const Staging& staging, const std::vector<std::size_t>& key,
                             const std::string& target_rows) {
  std::vector<WalkedColumn> columns;
  for (const StagedColumn& column : staging.columns()) {
    WalkedColumn walked{column.type, false, 0};
    pg::guard([&] { get_typlenbyval(column.type, &walked.length, &walked.by_value); });
    columns.push_back(walked);
  }
  std::vector<WalkedKey> keys;
  for (const std::size_t index : key) {
    const StagedColumn& column = staging.columns()[index];
    keys.push_back({static_cast<int>(index), column.collation, comparator_of(column.type)});
  }
  Walk walk{};
  walk.receiver.receiveSlot = receive;
  walk.receiver.rStartup = start;
  walk.receiver.rShutdown = finish;
  walk.receiver.rDestroy = [](DestReceiver*) {};
  walk.receiver.mydest = DestNone;
  walk.staging_oid = staging.oid();
  walk.difference_oid = staging.difference_oid();
  walk.columns = columns.data();
  walk.column_count = static_cast<int>(columns.size());
  walk.keys = keys.data();
  walk.key_count = static_cast<int>(keys.size());
  pg::guard([&] {
    CommandCounterIncrement();
    look_at_order(walk);
  });
  if (walk.gave_up) return {};
  // Rows can't be added to a table while parallel workers run.
  pg::with_settings({{"max_parallel_workers_per_gather", "0"}}, [&] { pg::query_into(target_rows, walk.receiver); });
  pg::guard([&] { MemoryContextDelete(walk.sample_context); });
  return {!walk.gave_up, walk.out_of_order};
}

}  // namespace connector::load
