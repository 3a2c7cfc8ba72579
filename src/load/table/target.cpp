#include "load/table/target.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/table/distribution.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

std::string shown(const std::string& server) {
  return pg::utf8_text(server);
}

constexpr const char* new_table_hint =
    "Event triggers change tables when they are created: look for one with \\dy in psql.";

constexpr const char* trigger_query =
    "SELECT 1 FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal AND tgenabled <> 'D' LIMIT 1";

/// What CREATE RULE made; a view's own rule can't be on a table.
constexpr const char* rule_query = "SELECT 1 FROM pg_rewrite WHERE ev_class = $1 AND ev_enabled <> 'D' LIMIT 1";

constexpr const char* foreign_key_query =
    "SELECT 1 FROM pg_constraint WHERE contype = 'f' AND (conrelid = $1 OR confrelid = $1) LIMIT 1";

/// What of the relation's own facts speaks against a swap; empty if nothing does.
std::string storage_reason(const RefreshTarget& target) {
  struct Facts {
    Oid method;
    Oid schema;
    bool published;
    char identity;
  };
  const Facts facts = pg::guard([&] {
    Facts found = pg::with_relation(target.oid, NoLock, [](Relation relation) {
      const Form_pg_class form = relation->rd_rel;
      return Facts{form->relam, form->relnamespace, false, form->relreplident};
    });
    found.published = connector_relation_publications(target.oid) != NIL || GetAllTablesPublications() != NIL ||
                      GetSchemaPublications(found.schema) != NIL;
    return found;
  });
  if (target.kind == RELKIND_PARTITIONED_TABLE) return "the table is partitioned";
  if (target.kind == RELKIND_FOREIGN_TABLE) return "the table is foreign";
  if (target.persistence == RELPERSISTENCE_TEMP) return "the table is temporary";
  if (facts.method != HEAP_TABLE_AM_OID) return "the table's access method is not heap";
  if (facts.published) return "the table is in a publication";
  // Somebody else than a subscriber reads its changes: none of them would show the new rows.
  const bool decoded = facts.identity != REPLICA_IDENTITY_DEFAULT && facts.identity != REPLICA_IDENTITY_NOTHING;
  if (decoded && XLogLogicalInfoActive()) return "the table has a replica identity of its own";
  return {};
}

}  // namespace

std::string RefreshTarget::sql() const {
  return pg::quote_qualified(schema, name);
}

std::string RefreshTarget::sql_only() const {
  return (kind == RELKIND_RELATION ? "ONLY " : "") + sql();
}

std::string RefreshTarget::shown() const {
  return "table \"" + load::shown(name) + "\"";
}

const TargetColumn* RefreshTarget::find(const std::string& server_name) const {
  const auto found =
      std::ranges::find_if(columns, [&](const TargetColumn& column) { return column.name == server_name; });
  return found == columns.end() ? nullptr : &*found;
}

RefreshTarget open_refresh_target(Oid relation) {
  RefreshTarget target;
  target.oid = relation;
  const Relation opened = pg::guard([&] { return try_relation_open(relation, NoLock); });
  if (opened == nullptr) {
    throw core::Error(ErrorNumber::incompatible_schemas, "the table to refresh does not exist any more", {},
                      "Delete the sync, or create it anew.");
  }
  const Form_pg_class form = opened->rd_rel;
  target.name = NameStr(form->relname);
  target.schema = pg::guard([&] { return get_namespace_name(form->relnamespace); });
  target.owner = form->relowner;
  target.kind = form->relkind;
  target.persistence = form->relpersistence;
  target.toast = form->reltoastrelid;
  target.has_children = form->relhassubclass && form->relkind != RELKIND_PARTITIONED_TABLE;
  const TupleDesc descriptor = RelationGetDescr(opened);
  Bitmapset* key = pg::guard([&] { return RelationGetIndexAttrBitmap(opened, INDEX_ATTR_BITMAP_PRIMARY_KEY); });
  for (int i = 0; i < descriptor->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped) continue;
    target.columns.push_back({attribute->attnum, NameStr(attribute->attname), attribute->atttypid, attribute->atttypmod,
                              attribute->attcollation, attribute->attgenerated != '\0', attribute->attnotnull,
                              attribute->attidentity != '\0',
                              bms_is_member(attribute->attnum - FirstLowInvalidHeapAttributeNumber, key)});
  }
  pg::guard([&] {
    if (!has_privs_of_role(GetUserId(), opened->rd_rel->relowner)) {
      aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, RelationGetRelationName(opened));
    }
    CheckTableNotInUse(opened, "refresh");
    relation_close(opened, NoLock);
  });
  if (target.kind != RELKIND_RELATION && target.kind != RELKIND_PARTITIONED_TABLE &&
      target.kind != RELKIND_FOREIGN_TABLE) {
    throw core::Error(ErrorNumber::incompatible_schemas, "\"" + shown(target.name) + "\" is not a table", {},
                      "Only tables can be refreshed.");
  }
  return target;
}

RefreshTarget open_new_table(Oid table, LoadPlan& plan) {
  RefreshTarget target;
  const Relation opened = pg::guard([&] { return try_relation_open(table, NoLock); });
  if (opened == nullptr) {
    throw core::Error(ErrorNumber::incompatible_schemas, "the new table was dropped as soon as it was created", {},
                      new_table_hint);
  }
  const bool own = pg::guard([&] {
    const bool found = has_privs_of_role(GetUserId(), opened->rd_rel->relowner);
    relation_close(opened, NoLock);
    return found;
  });
  const auto refuse = [&](const std::string& detail) {
    const char* name = pg::guard([&] { return get_rel_name(table); });
    throw core::Error(ErrorNumber::incompatible_schemas,
                      "table \"" + load::shown(name) + "\" is not what was created: the rows can't be stored in it",
                      detail, new_table_hint);
  };
  if (!own) refuse("It belongs to another role.");
  target = open_refresh_target(table);
  for (PlannedColumn& column : plan.columns) {
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    if (local == nullptr) refuse("It has no column \"" + column.name + "\".");
    if (local->generated) refuse("Its column \"" + column.name + "\" is generated.");
    column.target = local_type_of(local->type, local->typmod);
  }
  return target;
}

core::Error changed_by_own_code(const std::string& name, const std::string& what) {
  return core::Error(ErrorNumber::cannot_load, "table \"" + load::shown(name) + "\" was changed while it was refreshed",
                     what,
                     "Code that runs for the rows of a table, such as functions in checks, defaults and index "
                     "expressions, must not alter it. The old data stays.");
}

void check_unchanged(const RefreshTarget& target) {
  const RefreshTarget now = open_refresh_target(target.oid);
  if (now.name != target.name || now.schema != target.schema || now.owner != target.owner || now.kind != target.kind) {
    throw changed_by_own_code(target.name, "Its name, schema or owner is not what it was.");
  }
  if (now.columns != target.columns) throw changed_by_own_code(target.name, "Its columns are not what they were.");
  if (has_rules(now)) throw changed_by_own_code(target.name, "It has got rules.");
}

core::Error null_in_not_null(const RefreshTarget& target, const std::string& column) {
  return core::Error(
      ErrorNumber::cannot_load,
      "column \"" + column + "\" of " + target.shown() + " is NOT NULL, but the source has NULL values for it", {},
      "Drop the constraint, or leave such rows out with \"sql_query\".");
}

std::vector<AttrNumber> planned_attributes(Oid relation, const LoadPlan& plan) {
  std::vector<AttrNumber> numbers;
  for (const PlannedColumn& column : plan.columns) {
    const std::string name = pg::exact_server_text(column.name);
    numbers.push_back(pg::guard([&] { return get_attnum(relation, name.c_str()); }));
  }
  return numbers;
}

bool has_rules(const RefreshTarget& target) {
  return pg::any_catalog_row(rule_query, target.oid);
}

Oid unique_index(const RefreshTarget& target, const std::vector<AttrNumber>& key) {
  std::string numbers;
  for (const AttrNumber number : key) core::add_item(numbers, std::to_string(number), ",");
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT x.indexrelid FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_am a ON a.oid = c.relam "
      "WHERE x.indrelid = $1 AND a.amname = 'btree' AND x.indisunique AND x.indisvalid AND x.indpred IS NULL "
      "AND x.indexprs IS NULL AND (SELECT array_agg(k.number ORDER BY k.number) FROM unnest(x.indkey::int2[]) "
      "WITH ORDINALITY AS k (number, place) WHERE k.place <= x.indnkeyatts) = "
      "(SELECT array_agg(k ORDER BY k) FROM unnest($2::int2[]) AS k) ORDER BY x.indexrelid LIMIT 1",
      {{OIDOID, std::to_string(target.oid)}, {TEXTOID, "{" + numbers + "}"}});
  return rows.empty() ? InvalidOid : pg::read_oid(rows[0][0]);
}

std::string executor_reason(const RefreshTarget& target) {
  if (pg::guard([&] { return get_rel_relispartition(target.oid); })) return "the table is a partition";
  if (pg::guard([&] { return check_enable_rls(target.oid, target.owner, true) == RLS_ENABLED; })) {
    return "the table's row security binds its owner";
  }
  if (pg::any_catalog_row(trigger_query, target.oid)) return "the table has triggers";
  if (has_rules(target)) return "the table has rules";
  if (pg::any_catalog_row(foreign_key_query, target.oid)) return "there are foreign keys of or to the table";
  if (distribution_of(target.oid)) return "the table is distributed";
  return {};
}

std::string swap_hindrance(const RefreshTarget& target) {
  std::string reason = storage_reason(target);
  return reason.empty() ? executor_reason(target) : reason;
}

bool has_row_rules(const RefreshTarget& target) {
  return std::ranges::any_of(target.columns, [](const TargetColumn& column) { return column.generated; }) ||
         pg::any_catalog_row("SELECT 1 FROM pg_constraint WHERE contype = 'c' AND conrelid = $1 LIMIT 1", target.oid);
}

}  // namespace connector::load
