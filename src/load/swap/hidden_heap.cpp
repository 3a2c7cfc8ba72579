#include "load/swap/hidden_heap.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/swap/storage_log.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/toast_internals.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/heap.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/toasting.h"
#include "commands/tablecmds.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/smgr.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
}

namespace connector::load {

namespace {

void replace_all(std::optional<std::string>& text, const std::string& from, const std::string& to) {
  if (!text) return;
  for (std::size_t at = text->find(from); at != std::string::npos; at = text->find(from, at + to.size())) {
    text->replace(at, from.size(), to);
  }
}

/// The error with the twin's name, which nobody knows, replaced by the index's.
pg::PgError renamed(const pg::PgError& error, const std::string& twin, const std::string& name) {
  pg::ErrorFields fields = error.fields();
  for (auto* text : {&fields.message, &fields.detail, &fields.hint, &fields.context, &fields.constraint_name}) {
    replace_all(*text, twin, name);
  }
  return pg::PgError(std::move(fields));
}

std::string twin_name(Oid index) {
  return "refreshed_index_" + std::to_string(index);
}

/// In a guard.
Datum storage_parameters(Oid relation) {
  Datum options = 0;
  const bool found = pg::with_cached_row(RELOID, ObjectIdGetDatum(relation), [&options](HeapTuple tuple) {
    bool is_null;
    const Datum value = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &is_null);
    if (!is_null) options = datumCopy(value, false, -1);
  });
  if (!found) elog(ERROR, "cache lookup failed for relation %u", relation);
  return options;
}

/// An empty heap of the table's layout, with relrewrite set, by which logical decoding knows that its rows are no
/// changes. In a guard.
Oid create_heap(const RefreshTarget& target, const char* name) {
  const Oid heap = pg::with_relation(target.oid, NoLock, [&target, name](Relation table) {
    const Form_pg_class form = table->rd_rel;
    return heap_create_with_catalog(name, get_namespace_oid("connector", false), form->reltablespace, InvalidOid,
                                    InvalidOid, InvalidOid, form->relowner, HEAP_TABLE_AM_OID, RelationGetDescr(table),
                                    NIL, RELKIND_RELATION, target.persistence, false, false, ONCOMMIT_NOOP,
                                    storage_parameters(target.oid), false, true, true, target.oid, nullptr);
  });
  CommandCounterIncrement();
  if (OidIsValid(target.toast)) {
    NewHeapCreateToastTable(heap, storage_parameters(target.toast), AccessExclusiveLock, target.toast);
    CommandCounterIncrement();
  }
  return heap;
}

/// An exclusion was checked as the index was built. From here on it is an index like any other: there is no constraint
/// that it could be told by. In a guard.
void forget_exclusion(Oid index) {
  pg::with_catalog(IndexRelationId, RowExclusiveLock, [index](Relation catalog) {
    const HeapTuple tuple = SearchSysCacheCopy1(INDEXRELID, ObjectIdGetDatum(index));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for index %u", index);
    reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple))->indisexclusion = false;
    CatalogTupleUpdate(catalog, &tuple->t_self, tuple);
    heap_freetuple(tuple);
  });
  CommandCounterIncrement();
}

struct NewIndex {
  Oid oid;
  IndexInfo* info;
};

/// Creates an index of `heap` that equals `index`, without entries. In a guard.
NewIndex create_equal_index(Oid heap, Oid index, const char* name) {
  const NewIndex result = pg::with_relation(heap, AccessExclusiveLock, [index, name](Relation heap_relation) {
    return pg::with_relation(index, NoLock, [heap_relation, index, name](Relation model) {
      IndexInfo* info = BuildIndexInfo(model);
      info->ii_Concurrent = false;
      info->ii_ParallelWorkers = 0;
      List* columns = NIL;
      auto* class_options = static_cast<Datum*>(palloc0(sizeof(Datum) * INDEX_MAX_KEYS));
      for (int i = 0; i < info->ii_NumIndexAttrs; ++i) {
        class_options[i] = get_attoptions(index, static_cast<int16>(i + 1));
        columns = lappend(columns, pstrdup(NameStr(TupleDescAttr(RelationGetDescr(model), i)->attname)));
      }
      bool is_null;
      const Datum classes = SysCacheGetAttr(INDEXRELID, model->rd_indextuple, Anum_pg_index_indclass, &is_null);
      const Oid oid =
          connector_index_create(heap_relation, name, info, columns, model->rd_rel->relam, model->rd_rel->reltablespace,
                                 model->rd_indcollation, reinterpret_cast<oidvector*>(DatumGetPointer(classes))->values,
                                 class_options, model->rd_indoption, storage_parameters(index));
      return NewIndex{oid, info};
    });
  });
  CommandCounterIncrement();
  return result;
}

/// In a guard.
void build_index(Oid heap, const NewIndex& index) {
  pg::with_relation(heap, NoLock, [&index](Relation heap_relation) {
    pg::with_relation(index.oid, NoLock,
                      [&](Relation relation) { connector_index_build(heap_relation, relation, index.info); });
  });
  CommandCounterIncrement();
  if (index.info->ii_ExclusionOps != nullptr) forget_exclusion(index.oid);
}

/// Says in the catalog that the extended statistics of one table are of another. In a guard.
void move_extended_statistics(Oid from, Oid to) {
  bool found = false;
  pg::with_catalog(StatisticExtRelationId, RowExclusiveLock, [&found, from, to](Relation catalog) {
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_statistic_ext_stxrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(from));
    pg::scan_catalog(catalog, StatisticExtRelidIndexId, &key, nullptr, [&](HeapTuple tuple) {
      const HeapTuple copy = heap_copytuple(tuple);
      reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(copy))->stxrelid = to;
      CatalogTupleUpdate(catalog, &copy->t_self, copy);
      heap_freetuple(copy);
      return found = true;
    });
  });
  if (!found) return;
  CacheInvalidateRelcacheByRelid(from);
  CacheInvalidateRelcacheByRelid(to);
  CommandCounterIncrement();
}

/// What wal_level = minimal leaves to the commit: the storage is written instead of WAL. In a guard.
void write_storage(Oid oid) {
  pg::with_relation(oid, NoLock, [](Relation relation) {
    if (relation->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT || RelationNeedsWAL(relation)) return;
    FlushRelationBuffers(relation);
    for (const ForkNumber fork : {MAIN_FORKNUM, FSM_FORKNUM, VISIBILITYMAP_FORKNUM}) {
      if (smgrexists(RelationGetSmgr(relation), fork)) smgrimmedsync(RelationGetSmgr(relation), fork);
    }
  });
}

}  // namespace

HiddenHeap::HiddenHeap(const RefreshTarget& target, const std::string& alter_actions) : target_(target) {
  list_indexes();
  make_heap(alter_actions);
  for (IndexPair& pair : pairs_) {
    // While there are no rows.
    if (!pair.valid) create_twin(pair);
  }
}

void HiddenHeap::list_indexes() {
  List* indexes = pg::guard([&] {
    List* list = pg::with_relation(target_.oid, NoLock, RelationGetIndexList);
    if (OidIsValid(target_.toast)) LockRelationOid(target_.toast, ShareUpdateExclusiveLock);
    return list;
  });
  for (int i = 0; i < list_length(indexes); ++i) {
    IndexPair pair{list_nth_oid(indexes, i), InvalidOid, false, {}};
    const char* name = pg::guard([&] {
      return pg::with_relation(pair.index, ShareUpdateExclusiveLock, [&pair](Relation index) {
        pair.valid = index->rd_index->indisvalid && index->rd_index->indisready;
        return pstrdup(RelationGetRelationName(index));
      });
    });
    pair.name = name;
    pairs_.push_back(std::move(pair));
  }
}

void HiddenHeap::make_heap(const std::string& alter_actions) {
  const std::string name = "refreshed_" + std::to_string(target_.oid);
  oid_ = pg::guard([&] { return create_heap(target_, name.c_str()); });
  sql_ = pg::quote_qualified("connector", name);
  if (!alter_actions.empty()) pg::execute("ALTER TABLE " + sql_ + " " + alter_actions);
  log_storage();
}

void HiddenHeap::log_storage() const {
  log_new_storage(oid_);
}

void HiddenHeap::create_twin(IndexPair& pair) {
  const std::string name = twin_name(pair.index);
  try {
    const NewIndex twin = pg::guard([&] { return create_equal_index(oid_, pair.index, name.c_str()); });
    pair.twin = twin.oid;
    log_new_storage(twin.oid);
    pg::guard([&] { build_index(oid_, twin); });
  } catch (const pg::PgError& error) {
    if (ERRCODE_TO_CATEGORY(error.sqlerrcode()) == ERRCODE_DATA_EXCEPTION) {
      // PostgreSQL says what went wrong in the index's expression, but not which index it is.
      throw core::Error(core::ErrorNumber::cannot_load, pg::utf8_text(error.what()),
                        "A row can't be entered into the index \"" + pg::utf8_text(pair.name) + "\".",
                        "Change or drop the index, or leave such rows out with \"sql_query\".");
    }
    if (error.sqlerrcode() != ERRCODE_UNIQUE_VIOLATION) throw renamed(error, name, pair.name);
    throw core::Error(
        core::ErrorNumber::cannot_load, "the new rows contradict the unique index \"" + pg::utf8_text(pair.name) + "\"",
        pg::utf8_text(error.fields().detail.value_or("")), "Remove the duplicates in the source, or drop the index.");
  }
}

void HiddenHeap::build_indexes(const std::vector<AttrNumber>& retyped, Oid going) {
  std::erase_if(pairs_, [&](const IndexPair& pair) {
    if (pair.index == going) return true;
    const auto is_affected = [&retyped](Relation index) {
      for (int i = 0; i < index->rd_index->indnatts; ++i) {
        // An expression may have any column in it.
        const AttrNumber number = index->rd_index->indkey.values[i];
        if (!retyped.empty() && number == 0) return true;
        if (std::find(retyped.begin(), retyped.end(), number) != retyped.end()) return true;
      }
      return !retyped.empty() && RelationGetIndexPredicate(index) != NIL;
    };
    return pg::guard([&] { return pg::with_relation(pair.index, NoLock, is_affected); });
  });
  for (IndexPair& pair : pairs_) {
    if (!OidIsValid(pair.twin)) create_twin(pair);
  }
}

std::vector<Oid> HiddenHeap::replaced_indexes() const {
  std::vector<Oid> oids;
  for (const IndexPair& pair : pairs_) oids.push_back(pair.index);
  return oids;
}

/// What the user said about statistics of columns, for the heap that they are collected from: one command, as event
/// triggers may follow each.
void HiddenHeap::repeat_statistics_targets() {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT a.attname, a.attstattarget, (SELECT string_agg(o, ', ') FROM unnest(a.attoptions) AS o "
      "WHERE o ~~ 'n_distinct%') FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped "
      "AND (a.attstattarget >= 0 OR a.attoptions IS NOT NULL) AND EXISTS (SELECT 1 FROM pg_attribute h "
      "WHERE h.attrelid = $2 AND h.attname = a.attname AND NOT h.attisdropped)",
      {{OIDOID, std::to_string(target_.oid)}, {OIDOID, std::to_string(oid_)}});
  std::string actions;
  for (const auto& row : rows) {
    const std::string column = "ALTER COLUMN " + pg::quote_name(*row[0]);
    const auto add = [&](const std::string& what) { core::add_item(actions, column + what); };
    if (row[1] && *row[1] != "-1") add(" SET STATISTICS " + *row[1]);
    if (row[2]) add(" SET (" + *row[2] + ")");
  }
  if (!actions.empty()) pg::execute("ALTER TABLE " + sql_ + " " + actions);
}

void HiddenHeap::analyze(bool same_types) {
  repeat_statistics_targets();
  // ANALYZE fills the table's extended statistics as if they were the heap's, which has the same column numbers. Where
  // types change, ALTER TABLE makes the statistics objects anew.
  if (same_types) pg::guard([&] { move_extended_statistics(target_.oid, oid_); });
  pg::execute("ANALYZE " + sql_);
  if (same_types) pg::guard([&] { move_extended_statistics(oid_, target_.oid); });
  pg::guard([&] {
    RemoveStatistics(target_.oid, 0);
    CopyStatistics(oid_, target_.oid);
  });
  for (const IndexPair& pair : pairs_) {
    pg::guard([&] {
      RemoveStatistics(pair.index, 0);
      CopyStatistics(pair.twin, pair.index);
    });
  }
  pg::guard([] { CommandCounterIncrement(); });
}

void HiddenHeap::flush() {
  const Oid toast = pg::guard([&] {
    write_storage(oid_);
    return pg::with_relation(oid_, NoLock, [](Relation relation) { return relation->rd_rel->reltoastrelid; });
  });
  if (OidIsValid(toast)) {
    pg::guard([&] {
      write_storage(toast);
      write_storage(toast_get_valid_index(toast, NoLock));
    });
  }
  for (const IndexPair& pair : pairs_) pg::guard([&] { write_storage(pair.twin); });
  pg::guard([] {
    if (!XLogRecPtrIsInvalid(XactLastRecEnd)) XLogFlush(XactLastRecEnd);
  });
}

}  // namespace connector::load
