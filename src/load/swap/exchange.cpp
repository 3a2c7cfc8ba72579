#include "load/swap/exchange.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "load/table/table_locks.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/toast_internals.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/heap.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "commands/tablecmds.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "utils/inval.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
}

namespace connector::load {

namespace {

/// What pg_class tells of a relation's storage, as against the relation itself. In a guard.
void exchange_entries(Oid kept, Oid hidden) {
  pg::with_catalog(RelationRelationId, RowExclusiveLock, [kept, hidden](Relation catalog) {
    const HeapTuple kept_tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(kept));
    const HeapTuple hidden_tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(hidden));
    if (!HeapTupleIsValid(kept_tuple) || !HeapTupleIsValid(hidden_tuple)) {
      elog(ERROR, "cache lookup failed for relation %u or %u", kept, hidden);
    }
    auto* a = reinterpret_cast<Form_pg_class>(GETSTRUCT(kept_tuple));
    auto* b = reinterpret_cast<Form_pg_class>(GETSTRUCT(hidden_tuple));
    if (a->relpersistence != b->relpersistence || a->relkind != b->relkind || a->relam != b->relam) {
      elog(ERROR, "relations %u and %u are not alike", kept, hidden);
    }
    std::swap(a->relfilenode, b->relfilenode);
    std::swap(a->reltablespace, b->reltablespace);
    std::swap(a->relpages, b->relpages);
    std::swap(a->reltuples, b->reltuples);
    std::swap(a->relallvisible, b->relallvisible);
    connector_swap_all_frozen(a, b);
    if (a->relkind == RELKIND_RELATION) {
      std::swap(a->reltoastrelid, b->reltoastrelid);
      std::swap(a->relfrozenxid, b->relfrozenxid);
      std::swap(a->relminmxid, b->relminmxid);
    }

    // Under wal_level = minimal the kept relation has storage of this transaction now, to be synced at its end.
    pg::with_relation(kept, NoLock, [hidden](Relation kept_relation) {
      pg::with_relation(hidden, NoLock, [kept_relation](Relation hidden_relation) {
        hidden_relation->rd_createSubid = kept_relation->rd_createSubid;
        connector_new_storage_subid(hidden_relation) = connector_new_storage_subid(kept_relation);
        connector_first_storage_subid(hidden_relation) = connector_first_storage_subid(kept_relation);
      });
      connector_assume_new_storage(kept_relation);
    });

    CatalogTupleUpdate(catalog, &kept_tuple->t_self, kept_tuple);
    CatalogTupleUpdate(catalog, &hidden_tuple->t_self, hidden_tuple);
    CacheInvalidateRelcacheByTuple(kept_tuple);
    CacheInvalidateRelcacheByTuple(hidden_tuple);
    heap_freetuple(kept_tuple);
    heap_freetuple(hidden_tuple);
  });
  CommandCounterIncrement();
  connector_close_storage(kept);
  connector_close_storage(hidden);
}

/// In a guard.
Oid toast_of(Oid table) {
  return pg::with_relation(table, NoLock, [](Relation relation) { return relation->rd_rel->reltoastrelid; });
}

/// TOAST tables belong to their table by a dependency and by name. In a guard.
void exchange_heaps(Oid kept, Oid hidden) {
  const Oid old_toast = toast_of(kept);
  const Oid new_toast = toast_of(hidden);
  exchange_entries(kept, hidden);
  if (OidIsValid(old_toast)) {
    changeDependencyFor(RelationRelationId, old_toast, RelationRelationId, kept, hidden);
  }
  if (OidIsValid(new_toast)) {
    changeDependencyFor(RelationRelationId, new_toast, RelationRelationId, hidden, kept);
  }
  CommandCounterIncrement();
}

/// In a guard.
void drop_hidden(Oid hidden) {
  const ObjectAddress address = {RelationRelationId, hidden, 0};
  performDeletion(&address, DROP_RESTRICT, PERFORM_DELETION_INTERNAL);
  CommandCounterIncrement();
}

void rename_toast(Oid table) {
  const Oid toast = toast_of(table);
  if (!OidIsValid(toast)) return;
  const Oid index = toast_get_valid_index(toast, NoLock);
  // Else logical decoding would go on to take it for one that only exists while a table is rewritten.
  ResetRelRewrite(toast);
  CommandCounterIncrement();
  RenameRelationInternal(toast, psprintf("pg_toast_%u", table), true, false);
  RenameRelationInternal(index, psprintf("pg_toast_%u_index", table), true, true);
  CommandCounterIncrement();
}

/// What the statistics of activity and the relation's descriptor have to learn. The new rows are known to ANALYZE: as
/// inserts they would count as changes since then, at the commit. What this session has counted of the old rows is
/// forgotten. But if the table was emptied by TRUNCATE, the commit counts from zero. In a guard.
void announce(Oid table, std::uint64_t rows, BeforeAlter before) {
  pg::with_relation(table, NoLock, [rows, before](Relation relation) {
    if (before == BeforeAlter::truncate) {
      pgstat_count_heap_insert(relation, static_cast<PgStat_Counter>(rows));
    } else if (pgstat_should_count_relation(relation)) {
      connector_unreported(relation->pgstat_info, delta_live_tuples) = 0;
      connector_unreported(relation->pgstat_info, delta_dead_tuples) = 0;
      connector_unreported(relation->pgstat_info, changed_tuples) = 0;
    }
    connector_report_analyze(relation, static_cast<PgStat_Counter>(rows));
    bool missing = false;
    for (int i = 0; i < RelationGetDescr(relation)->natts; ++i) {
      missing = missing || TupleDescAttr(RelationGetDescr(relation), i)->atthasmissing;
    }
    // Every new row has all its columns.
    if (missing) RelationClearMissing(relation);
  });
}

/// Serializable transactions that have read rows, pages or index pages of the old storage have read the table from now
/// on; if this one is serializable, it has written it all. In a guard.
void prepare_readers(Oid table, const HiddenHeap& heap) {
  pg::with_relation(table, NoLock, [](Relation relation) {
    CheckTableNotInUse(relation, "refresh");
    CheckTableForSerializableConflictIn(relation);
    TransferPredicateLocksToHeapRelation(relation);
  });
  for (const IndexPair& pair : heap.indexes()) {
    pg::with_relation(pair.index, NoLock, [](Relation index) { TransferPredicateLocksToHeapRelation(index); });
  }
}

std::vector<Oid> companions(const RefreshTarget& target, const HiddenHeap& heap) {
  std::vector<Oid> others = heap.replaced_indexes();
  if (OidIsValid(target.toast)) {
    others.push_back(target.toast);
    others.push_back(pg::guard([&] { return toast_get_valid_index(target.toast, AccessShareLock); }));
  }
  return others;
}

/// Indexes that have no twin, as the ALTER TABLE made them anew: built while readers wait.
void rebuild_others(const RefreshTarget& target, const HiddenHeap& heap) {
  List* indexes = pg::guard([&] { return pg::with_relation(target.oid, NoLock, RelationGetIndexList); });
  for (int i = 0; i < list_length(indexes); ++i) {
    const Oid index = list_nth_oid(indexes, i);
    if (std::ranges::any_of(heap.indexes(), [&](const IndexPair& pair) { return pair.index == index; })) continue;
    const pg::SqlRows names = pg::catalog_query(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.oid = $1",
        {{OIDOID, std::to_string(index)}});
    pg::execute("REINDEX INDEX " + names.at(0).at(0).value());
  }
}

}  // namespace

std::chrono::steady_clock::time_point exchange_storage(const RefreshTarget& target, HeldTable& held,
                                                       const HiddenHeap& heap, const std::string& alter_actions,
                                                       BeforeAlter before, std::uint64_t rows, core::Wait& wait,
                                                       Progress& progress) {
  progress.phase(RunPhase::locking);
  lock_without_queue(target.oid, companions(target, heap), wait);
  const auto locked = std::chrono::steady_clock::now();
  progress.phase(RunPhase::exchanging);
  // The weak lock kept changes of the table away, but a publication of all tables does not ask for it.
  if (const std::string reason = swap_hindrance(target); !reason.empty()) {
    throw core::Error(core::ErrorNumber::cannot_load, target.shown() + " was changed while it was refreshed: " + reason,
                      {}, "Refresh again.");
  }
  held.check_unchanged();
  // From here on nobody else has the table, and but for the ALTER TABLE nobody's code runs.
  held.let_go();
  pg::guard([&] { prepare_readers(target.oid, heap); });
  if (before == BeforeAlter::truncate) pg::execute("TRUNCATE ONLY " + target.sql());
  if (!alter_actions.empty()) pg::execute("ALTER TABLE " + target.sql() + " " + alter_actions);
  held.hold();
  held.check_fits(heap.oid(), heap.replaced_indexes());
  held.let_go();
  pg::guard([&] { exchange_heaps(target.oid, heap.oid()); });
  for (const IndexPair& pair : heap.indexes()) pg::guard([&] { exchange_entries(pair.index, pair.twin); });
  pg::guard([&] {
    drop_hidden(heap.oid());
    rename_toast(target.oid);
    announce(target.oid, rows, before);
  });
  if (!alter_actions.empty()) rebuild_others(target, heap);
  return locked;
}

}  // namespace connector::load
