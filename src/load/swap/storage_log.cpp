#include "load/swap/storage_log.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "pg/relation.hpp"
#include "store/sql.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/toast_internals.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlogutils.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "catalog/storage.h"
#include "storage/smgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relmapper.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"
}

namespace connector::load {

namespace {

/// The cluster that the list was written in: pg_upgrade takes tables along to one where files have other names.
std::string this_system() {
  return std::to_string(static_cast<std::int64_t>(GetSystemIdentifier()));
}

/// In a guard. Frozen rows are seen by all from now on, and stay if the transaction aborts.
void insert_frozen(Relation list, Oid relation) {
  pg::with_relation(relation, NoLock, [list](Relation listed) {
    Datum values[] = {Int64GetDatum(static_cast<int64>(GetSystemIdentifier())),
                      FullTransactionIdGetDatum(GetTopFullTransactionId()),
                      ObjectIdGetDatum(listed->rd_rel->reltablespace), ObjectIdGetDatum(listed->rd_rel->relfilenode)};
    bool nulls[4] = {};
    const HeapTuple tuple = heap_form_tuple(RelationGetDescr(list), values, nulls);
    heap_insert(list, tuple, GetCurrentCommandId(true), HEAP_INSERT_FROZEN, nullptr);
    heap_freetuple(tuple);
  });
}

/// Whether a relation has the file: also one that a running transaction creates, or drops, this one included, as a
/// commit must not drop a file twice. Those of crashed transactions don't count. In a guard.
bool has_owner(Oid filenode) {
  if (OidIsValid(connector_mapped_owner(filenode))) return true;
  return pg::with_catalog(RelationRelationId, AccessShareLock, [filenode](Relation catalog) {
    SnapshotData snapshot;
    InitNonVacuumableSnapshot(snapshot, GlobalVisTestFor(catalog));
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_relfilenode, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(filenode));
    bool found = false;
    pg::scan_catalog(catalog, InvalidOid, &key, &snapshot, [&found](HeapTuple) {
      found = true;
      return false;
    });
    return found;
  });
}

/// In a guard.
void drop_if_lost(Oid tablespace, Oid filenode) {
  if (has_owner(filenode)) return;
  const connector_storage_name name = {tablespace, MyDatabaseId, filenode};
  const Relation relation = CreateFakeRelcacheEntry(name);
  // As long as the file is there, PostgreSQL gives its number to nobody else.
  const bool there = smgrexists(RelationGetSmgr(relation), MAIN_FORKNUM);
  if (there) {
    ereport(LOG, (errmsg("connector removes file %u, left by a refresh that did not end", filenode)));
    RelationDropStorage(relation);
  }
  FreeFakeRelcacheEntry(relation);
}

}  // namespace

void log_new_storage(Oid relation) {
  pg::guard([=] {
    const Oid schema = get_namespace_oid("connector", false);
    pg::with_catalog(get_relname_relid("new_storage", schema), RowExclusiveLock, [relation](Relation list) {
      insert_frozen(list, relation);
      const Oid toast =
          pg::with_relation(relation, NoLock, [](Relation listed) { return listed->rd_rel->reltoastrelid; });
      if (OidIsValid(toast)) {
        insert_frozen(list, toast);
        insert_frozen(list, toast_get_valid_index(toast, AccessShareLock));
      }
    });
    XLogFlush(XactLastRecEnd);
  });
}

void forget_new_storage() {
  const std::string transaction =
      std::to_string(pg::guard([] { return U64FromFullTransactionId(GetTopFullTransactionId()); }));
  store::sql::execute("DELETE FROM connector.new_storage WHERE transaction = $1", {{XID8OID, transaction}});
}

void drop_lost_storage() {
  // Once in a transaction, and each file once: PostgreSQL does not survive a commit that drops a file twice. Per
  // process, as a transaction is, whose refreshes know nothing of each other.
  static std::uint64_t last_transaction = 0;
  const std::uint64_t transaction = pg::guard([] { return U64FromFullTransactionId(GetTopFullTransactionId()); });
  if (std::exchange(last_transaction, transaction) == transaction) return;
  try {
    pg::in_subtransaction([&] {
      // Two that clean up at the same time don't wait for each other.
      const pg::SqlRows rows = store::sql::query(
          "DELETE FROM connector.new_storage WHERE ctid = ANY (ARRAY(SELECT l.ctid FROM connector.new_storage l "
          "WHERE l.transaction < pg_snapshot_xmin(pg_current_snapshot()) FOR UPDATE SKIP LOCKED)) "
          "RETURNING tablespace, filenode, system = $1",
          {{INT8OID, this_system()}});
      std::set<std::pair<Oid, Oid>> files;
      for (const auto& row : rows) {
        if (*row[2] != "t") continue;
        const Oid tablespace = pg::read_oid(row[0]);
        files.emplace(OidIsValid(tablespace) ? tablespace : MyDatabaseTableSpace, pg::read_oid(row[1]));
      }
      for (const auto& [tablespace, filenode] : files) {
        pg::guard([space = tablespace, number = filenode] { drop_if_lost(space, number); });
      }
    });
  } catch (const pg::PgError& error) {
    // Under REPEATABLE READ: somebody else has done it.
    if (error.sqlerrcode() != ERRCODE_T_R_SERIALIZATION_FAILURE) throw;
  }
}

}  // namespace connector::load
