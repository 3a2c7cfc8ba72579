// The trigger on connector.sync: see sql/connector.sql.
#include "pg/postgres.hpp"

#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "store/syncs.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace pg = connector::pg;
namespace store = connector::store;

namespace {

/// The functions below run in a guard.

bool is_sync_table(const Relation relation) {
  const Oid schema = get_namespace_oid("connector", true);
  return OidIsValid(schema) && RelationGetRelid(relation) == get_relname_relid("sync", schema) &&
         getExtensionOfObject(RelationRelationId, RelationGetRelid(relation)) == get_extension_oid("connector", true);
}

/// True for a table of the role's.
bool owns_table(Oid role, Oid relation) {
  bool result = false;
  pg::with_cached_row(RELOID, ObjectIdGetDatum(relation), [&result, role](HeapTuple row) {
    const auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(row));
    const bool kind = form->relkind == RELKIND_RELATION || form->relkind == RELKIND_PARTITIONED_TABLE ||
                      form->relkind == RELKIND_FOREIGN_TABLE;
    result = kind && form->relowner == role;
  });
  return result;
}

Datum value_of(const TriggerData* trigger, const char* column, bool* is_null) {
  const TupleDesc descriptor = trigger->tg_relation->rd_att;
  return heap_getattr(trigger->tg_trigtuple, SPI_fnumber(descriptor, column), descriptor, is_null);
}

/// Paused, its statements switched off, and without its table if that is not the owner's: then its number or name is
/// another's here.
HeapTuple restored(const TriggerData* trigger) {
  const TupleDesc descriptor = trigger->tg_relation->rd_att;
  int columns[] = {SPI_fnumber(descriptor, "paused"),   SPI_fnumber(descriptor, "statements_role"),
                   SPI_fnumber(descriptor, "relation"), SPI_fnumber(descriptor, "checksum"),
                   SPI_fnumber(descriptor, "layout"),   SPI_fnumber(descriptor, "position")};
  Datum values[] = {BoolGetDatum(true), 0, 0, CStringGetTextDatum(""), 0, 0};
  bool nulls[] = {false, true, true, false, true, true};
  bool no_owner;
  bool no_relation;
  const Oid owner = DatumGetObjectId(value_of(trigger, "owner", &no_owner));
  const Oid relation = DatumGetObjectId(value_of(trigger, "relation", &no_relation));
  const bool loses_table = !no_relation && (no_owner || !owns_table(owner, relation));
  if (loses_table) {
    bool no_id;
    const Datum id = value_of(trigger, "id", &no_id);
    ereport(WARNING, (errmsg("sync %s comes back without its table",
                             no_id ? "" : DatumGetCString(DirectFunctionCall1(uuid_out, id))),
                      errdetail("The table is not there, or is not owned by the role whose sync it is."),
                      errhint("cdb_sync_resume() imports into a new table.")));
  }
  return heap_modify_tuple_by_cols(trigger->tg_trigtuple, descriptor, loses_table ? 6 : 2, columns, values, nulls);
}

}  // namespace

CONNECTOR_FUNCTION(connector_sync_restored) {
  return pg::guard([=]() -> Datum {
    const auto* trigger = CALLED_AS_TRIGGER(fcinfo) ? reinterpret_cast<const TriggerData*>(fcinfo->context) : nullptr;
    if (trigger == nullptr || !TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
        !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) || !is_sync_table(trigger->tg_relation)) {
      ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                      errmsg("connector.sync_restored() can only be the trigger of table connector.sync")));
    }
    return PointerGetDatum(store::is_creating() ? trigger->tg_trigtuple : restored(trigger));
  });
}
