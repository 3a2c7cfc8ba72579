// Relations, scans of catalogs and rows of the system caches, opened and closed around a function.
//
// All of this runs in a guard(), and so owns nothing with a destructor, neither here nor in the functions that are
// given. What is open when an ERROR is raised, or an exception leaves, is closed by the abort of the (sub)transaction.
#pragma once

#include "pg/postgres.hpp"

#include <type_traits>

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "utils/rel.h"
#include "utils/syscache.h"
}

namespace connector::pg {

namespace detail {

template <typename Use>
auto use_relation(Oid oid, LOCKMODE lock, LOCKMODE unlock, const Use& use) -> std::invoke_result_t<Use, Relation> {
  static_assert(std::is_trivially_destructible_v<std::decay_t<Use>>, "in a guard nothing has a destructor");
  const Relation relation = relation_open(oid, lock);
  if constexpr (std::is_void_v<std::invoke_result_t<Use, Relation>>) {
    use(relation);
    relation_close(relation, unlock);
  } else {
    const auto result = use(relation);
    static_assert(std::is_trivially_destructible_v<decltype(result)>, "in a guard nothing has a destructor");
    relation_close(relation, unlock);
    return result;
  }
}

}  // namespace detail

/// Calls `use` with the relation, of whatever kind, and returns what it returns. The lock is kept until the end of the
/// transaction; NoLock means that there is one already. In a guard.
template <typename Use>
auto with_relation(Oid oid, LOCKMODE lock, const Use& use) {
  return detail::use_relation(oid, lock, NoLock, use);
}

/// Likewise, but the lock goes with the relation, as is usual for catalogs. In a guard.
template <typename Use>
auto with_catalog(Oid oid, LOCKMODE lock, const Use& use) {
  return detail::use_relation(oid, lock, lock, use);
}

/// Calls `use` with each row of an open catalog that `key` (null: none) and `snapshot` (null: the catalog's own) let
/// through, by `index` unless that is invalid, until `use` returns false. In a guard.
template <typename Use>
void scan_catalog(Relation catalog, Oid index, ScanKey key, Snapshot snapshot, const Use& use) {
  static_assert(std::is_trivially_destructible_v<std::decay_t<Use>>, "in a guard nothing has a destructor");
  const SysScanDesc scan = systable_beginscan(catalog, index, OidIsValid(index), snapshot, key == nullptr ? 0 : 1, key);
  for (HeapTuple row = systable_getnext(scan); HeapTupleIsValid(row); row = systable_getnext(scan)) {
    if (!use(row)) break;
  }
  systable_endscan(scan);
}

/// Calls `use` with the row of a system cache that has these keys; false if there is none. In a guard.
template <typename Cache, typename Use>
bool with_cached_row(Cache cache, Datum key, Datum second_key, const Use& use) {
  static_assert(std::is_trivially_destructible_v<std::decay_t<Use>>, "in a guard nothing has a destructor");
  const HeapTuple row = SearchSysCache(cache, key, second_key, 0, 0);
  if (!HeapTupleIsValid(row)) return false;
  use(row);
  ReleaseSysCache(row);
  return true;
}
template <typename Cache, typename Use>
bool with_cached_row(Cache cache, Datum key, const Use& use) {
  return with_cached_row(cache, key, 0, use);
}

/// The relation's owner; InvalidOid if there is no such relation (any more). In a guard.
inline Oid owner_of(Oid relation) {
  Oid owner = InvalidOid;
  with_cached_row(RELOID, ObjectIdGetDatum(relation),
                  [&](HeapTuple row) { owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relowner; });
  return owner;
}

}  // namespace connector::pg
