#include "load/merge/key_order_walk.hpp"

#include <algorithm>

#include "load/merge/difference_table.hpp"
#include "load/merge/row_comparison.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace connector::load {

namespace {

/// The walk is given up when more rows than these, and than one of so many, are out of order: to compare each of them
/// afterwards would cost more than an index.
constexpr std::uint64_t few_rows = 1000;
constexpr std::uint64_t rows_to_one_out_of_order = 8;

constexpr BlockNumber most_samples = 10000;

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
  const RowComparison* comparison;

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
  DifferenceTable difference;
  MemoryContext sample_context;
  MemoryContext row_context;
  std::uint64_t read;
  std::uint64_t out_of_order;
  bool gave_up;
};

int compare_samples(const Walk& walk, const Sample& left, const Sample& right) {
  for (int i = 0; i < walk.comparison->key_count(); ++i) {
    const int order = RowComparison::compare_values(walk.comparison->key()[i], left.key[i], right.key[i]);
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
    sample.key = static_cast<Datum*>(palloc(walk.comparison->key_count() * sizeof(Datum)));
    for (int i = 0; i < walk.comparison->key_count(); ++i) {
      const int index = walk.comparison->key()[i].column;
      const RowComparison::Column& column = walk.comparison->columns()[index];
      sample.key[i] = datumCopy(walk.spare->tts_values[index], column.by_value, column.length);
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
  if (walk.has_staged && walk.comparison->compare_keys(values_of_staged(*row), values_of_staged(*before)) <= 0) {
    return true;
  }
  if (walk.next_sample == walk.sample_count) return false;
  const Datum* behind = walk.samples[walk.next_sample].key;
  for (int i = 0; i < walk.comparison->key_count(); ++i) {
    const RowComparison::KeyColumn& key = walk.comparison->key()[i];
    const int order = RowComparison::compare_values(key, row->tts_values[key.column], behind[i]);
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
    walk.difference.add(nullptr, walk.spare, true);
    walk.gave_up = ++walk.out_of_order > few_rows && walk.out_of_order * rows_to_one_out_of_order > walk.read;
  }
  walk.has_staged = false;
}

/// Reads the samples; gives up if they show no order.
void look_at_order(Walk& walk) {
  walk.sample_context = AllocSetContextCreate(CurrentMemoryContext, "connector samples", ALLOCSET_DEFAULT_SIZES);
  const MemoryContext old = MemoryContextSwitchTo(walk.sample_context);
  PushCopiedSnapshot(GetTransactionSnapshot());
  UpdateActiveSnapshotCommandId();
  walk.staging = table_open(walk.staging_oid, AccessShareLock);
  if (walk.staging->rd_rel->relam == HEAP_TABLE_AM_OID) {
    check_staging(walk.staging, *walk.comparison);
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
  check_staging(walk.staging, *walk.comparison);
  walk.difference.open(walk.difference_oid, *walk.comparison);
  check_target_row(*walk.comparison, target);
  walk.scan = table_beginscan(walk.staging, GetActiveSnapshot(), 0, nullptr);
  walk.staged = table_slot_create(walk.staging, nullptr);
  walk.spare = table_slot_create(walk.staging, nullptr);
  walk.row_context = AllocSetContextCreate(CurrentMemoryContext, "connector comparison", ALLOCSET_DEFAULT_SIZES);
  in_emptied(walk.row_context, [&] { next_staged(walk); });
}

bool receive(TupleTableSlot* target, DestReceiver* receiver) {
  Walk& walk = *reinterpret_cast<Walk*>(receiver);
  slot_getallattrs(target);
  in_emptied(walk.row_context, [&] {
    int order = -1;
    while (walk.has_staged) {
      order = walk.comparison->compare_keys(values_of_target(*target), values_of_staged(*walk.staged));
      if (order <= 0) break;
      walk.difference.add(nullptr, walk.staged);
      next_staged(walk);
    }
    if (!walk.has_staged || order < 0) {
      walk.difference.add(target, nullptr);
    } else {
      if (!walk.comparison->same_row(values_of_target(*target), values_of_staged(*walk.staged)))
        walk.difference.add(target, walk.staged);
      next_staged(walk);
    }
  });
  return !walk.gave_up;
}

void finish(DestReceiver* receiver) {
  Walk& walk = *reinterpret_cast<Walk*>(receiver);
  while (walk.has_staged) {
    in_emptied(walk.row_context, [&] {
      walk.difference.add(nullptr, walk.staged);
      next_staged(walk);
    });
  }
  table_endscan(walk.scan);
  for (TupleTableSlot* slot : {walk.staged, walk.spare}) ExecDropSingleTupleTableSlot(slot);
  walk.difference.close();
  table_close(walk.staging, NoLock);
  MemoryContextDelete(walk.row_context);
}

}  // namespace

WalkResult walk_in_key_order(const Staging& staging, const std::vector<std::size_t>& key,
                             const std::string& target_rows) {
  const RowComparison comparison(staging, key);
  Walk walk{};
  walk.receiver.receiveSlot = receive;
  walk.receiver.rStartup = start;
  walk.receiver.rShutdown = finish;
  walk.receiver.rDestroy = [](DestReceiver*) {};
  walk.receiver.mydest = DestNone;
  walk.staging_oid = staging.oid();
  walk.difference_oid = staging.difference_oid();
  walk.comparison = &comparison;
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
