#include "jobs/run_lock.hpp"

#include <vector>

#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "storage/lock.h"
}

namespace connector::jobs {

namespace {

/// Session locks held by this backend.
std::vector<LOCKTAG>& held() {
  static auto* const tags = new std::vector<LOCKTAG>;
  return *tags;
}

/// An abort of the whole transaction lets go of session locks, too.
void on_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_ABORT) held().clear();
}

/// 48 bits of the random uuid. No real lock on a row of these catalogs has a sub-id.
LOCKTAG tag_of(Oid catalog, const std::string& id) {
  const auto bits = std::stoull(id.substr(0, 8), nullptr, 16);
  const auto more = std::stoul(id.substr(9, 4), nullptr, 16);
  LOCKTAG tag;
  SET_LOCKTAG_OBJECT(tag, MyDatabaseId, catalog, static_cast<uint32>(bits), static_cast<uint16>(more));
  return tag;
}

bool try_lock(const LOCKTAG& tag, LockLife life) {
  const bool session = life == LockLife::session;
  if (session) {
    static bool registered = false;
    if (!registered) {
      pg::guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
      registered = true;
    }
    held().reserve(held().size() + 1);
  }
  const LockAcquireResult result = pg::guard([&] { return LockAcquire(&tag, ExclusiveLock, session, true); });
  if (result == LOCKACQUIRE_NOT_AVAIL) return false;
  if (session) held().push_back(tag);
  return true;
}

/// To the transaction's end.
void wait_for_lock(const LOCKTAG& tag) {
  pg::guard([&] { LockAcquire(&tag, ExclusiveLock, false, false); });
}

}  // namespace

bool try_lock_run(const std::string& id, LockLife life) {
  return try_lock(tag_of(ExtensionRelationId, id), life);
}

void lock_run(const std::string& id) {
  wait_for_lock(tag_of(ExtensionRelationId, id));
}

bool try_lock_stop(const std::string& id) {
  return try_lock(tag_of(ForeignDataWrapperRelationId, id), LockLife::transaction);
}

void lock_stop(const std::string& id) {
  wait_for_lock(tag_of(ForeignDataWrapperRelationId, id));
}

void unlock_stop(const std::string& id) {
  const LOCKTAG tag = tag_of(ForeignDataWrapperRelationId, id);
  pg::guard([&] { LockRelease(&tag, ExclusiveLock, false); });
}

bool try_take_place(PlaceOf kind, Oid role, int limit, LockLife life) {
  if (limit == 0) return true;
  const bool of_import = kind == PlaceOf::import;
  for (int place = 1; place <= limit; ++place) {
    LOCKTAG tag;
    SET_LOCKTAG_OBJECT(tag, of_import ? InvalidOid : MyDatabaseId, AuthIdRelationId, role,
                       static_cast<uint16>((of_import ? 0xC000 : 0xD000) + place));
    if (try_lock(tag, life)) return true;
  }
  return false;
}

void release_runs() {
  while (!held().empty()) {
    const LOCKTAG tag = held().back();
    held().pop_back();
    pg::guard([&] { LockRelease(&tag, ExclusiveLock, true); });
  }
}

}  // namespace connector::jobs
