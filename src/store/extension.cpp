#include "pg/relation.hpp"
#include "store/extension.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
}

namespace connector::store {

Oid extension_owner() {
  return pg::guard([] {
    const Oid extension = get_extension_oid("connector", false);
    Oid owner = InvalidOid;
    pg::with_catalog(ExtensionRelationId, AccessShareLock, [&owner, extension](Relation catalog) {
      ScanKeyData key;
      ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
      pg::scan_catalog(catalog, ExtensionOidIndexId, &key, nullptr, [&owner](HeapTuple row) {
        owner = reinterpret_cast<Form_pg_extension>(GETSTRUCT(row))->extowner;
        return false;
      });
    });
    if (!OidIsValid(owner)) elog(ERROR, "extension connector is gone");
    return owner;
  });
}

}  // namespace connector::store
