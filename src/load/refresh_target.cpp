#include "load/refresh_target.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "load/default_columns.hpp"
#include "load/sync_column.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/table.h"
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
#include "utils/syscache.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

std::string shown(const std::string& server) {
  return pg::utf8_text(std::string_view(server));
}

std::string column_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "\"" : ", \"") + name + "\"";
  return list;
}

[[noreturn]] void incompatible(const RefreshTarget& target, const std::string& detail, const std::string& hint) {
  throw core::Error(ErrorNumber::incompatible_schemas,
                    target.shown() + " can't be refreshed: its columns differ from the source's", detail, hint);
}

/// What stands in the way of dropping columns of the table, or of giving them another type: everything that depends on
/// them, but for what belongs to the column itself (default, sequence, NOT NULL), for a primary key that is dropped
/// with them, and for a change of type also indexes, constraints and statistics, which PostgreSQL adapts.
// A generated column depends on others as an `a` of pg_attrdef with another column's number.
constexpr const char* dependents_query =
    "SELECT DISTINCT pg_catalog.pg_describe_object(COALESCE(r.classid, d.classid), COALESCE(r.objid, d.objid), "
    "COALESCE(r.objsubid, d.objsubid)) "
    "FROM pg_catalog.pg_depend d "
    // A view depends through its rule, whose description names the view.
    "LEFT JOIN LATERAL (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AS classid, "
    "w.ev_class AS objid, 0 AS objsubid FROM pg_catalog.pg_rewrite w "
    "WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_rewrite'::pg_catalog.regclass "
    "AND w.oid OPERATOR(pg_catalog.=) d.objid) r ON true "
    "WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.refobjid OPERATOR(pg_catalog.=) $1 "
    "AND d.refobjsubid OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.int4[]) "
    "AND d.deptype OPERATOR(pg_catalog.<>) 'i' "
    "AND NOT (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND d.deptype OPERATOR(pg_catalog.=) 'a' AND EXISTS (SELECT 1 FROM pg_catalog.pg_class s "
    "WHERE s.oid OPERATOR(pg_catalog.=) d.objid AND s.relkind OPERATOR(pg_catalog.=) 'S')) "
    "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attrdef f "
    "WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_attrdef'::pg_catalog.regclass "
    "AND f.oid OPERATOR(pg_catalog.=) d.objid AND f.adrelid OPERATOR(pg_catalog.=) d.refobjid "
    "AND f.adnum OPERATOR(pg_catalog.=) d.refobjsubid) "
    "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c "
    "WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass "
    "AND c.oid OPERATOR(pg_catalog.=) d.objid AND (c.contype OPERATOR(pg_catalog.=) 'n' "
    "OR c.contype OPERATOR(pg_catalog.=) 'p' AND c.conindid OPERATOR(pg_catalog.=) $4 OR $3 "
    "AND c.conrelid OPERATOR(pg_catalog.=) d.refobjid)) "
    "AND NOT ($3 AND (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass "
    "OR d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND EXISTS (SELECT 1 FROM pg_catalog.pg_index x WHERE x.indexrelid OPERATOR(pg_catalog.=) d.objid))) "
    "ORDER BY 1";

void check_dependents(const RefreshTarget& target, const std::vector<AttrNumber>& columns, Oid lost_key, bool retyped) {
  if (columns.empty()) return;
  std::string numbers;
  for (const AttrNumber number : columns) numbers += (numbers.empty() ? "{" : ",") + std::to_string(number);
  const pg::SqlRows rows = pg::query(dependents_query, {{OIDOID, std::to_string(target.oid)},
                                                        {TEXTOID, numbers + "}"},
                                                        {BOOLOID, retyped ? "t" : "f"},
                                                        {OIDOID, std::to_string(lost_key)}});
  if (rows.empty()) return;
  std::string list;
  for (const auto& row : rows) list += (list.empty() ? "" : ", ") + shown(row[0].value_or(""));
  std::vector<std::string> names;
  for (const TargetColumn& column : target.columns) {
    if (std::ranges::find(columns, column.number) != columns.end()) names.push_back(shown(column.name));
  }
  throw core::Error(ErrorNumber::dependents_in_the_way,
                    target.shown() + " can't follow the source: other objects depend on columns that " +
                        (retyped ? "have another type there" : "are gone there"),
                    "Columns: " + column_list(names) + ". Dependents: " + list + ".",
                    "Drop or change the dependents, then have the table refreshed again.");
}

constexpr const char* new_table_hint =
    "Event triggers change tables when they are created: look for one with \\dy in psql.";

bool any_rows(const char* sql, Oid relation) {
  return !pg::query(sql, {{OIDOID, std::to_string(relation)}}).empty();
}

constexpr const char* trigger_query =
    "SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid OPERATOR(pg_catalog.=) $1 AND NOT tgisinternal "
    "AND tgenabled OPERATOR(pg_catalog.<>) 'D' LIMIT 1";

/// What CREATE RULE made; a view's own rule can't be on a table.
constexpr const char* rule_query =
    "SELECT 1 FROM pg_catalog.pg_rewrite WHERE ev_class OPERATOR(pg_catalog.=) $1 "
    "AND ev_enabled OPERATOR(pg_catalog.<>) 'D' LIMIT 1";

constexpr const char* foreign_key_query =
    "SELECT 1 FROM pg_catalog.pg_constraint WHERE contype OPERATOR(pg_catalog.=) 'f' "
    "AND (conrelid OPERATOR(pg_catalog.=) $1 OR confrelid OPERATOR(pg_catalog.=) $1) LIMIT 1";

/// Citus says in a catalog of its own which tables it spread over nodes.
constexpr const char* distribution_catalog_query =
    "SELECT 1 FROM pg_catalog.pg_class WHERE relname OPERATOR(pg_catalog.=) 'pg_dist_partition' "
    "AND relnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace AND $1 IS NOT NULL";
constexpr const char* distribution_query =
    "SELECT 1 FROM pg_catalog.pg_dist_partition WHERE logicalrelid::pg_catalog.oid OPERATOR(pg_catalog.=) $1";

/// What of the relation's own facts speaks against a swap; empty if nothing does.
std::string storage_reason(const RefreshTarget& target) {
  struct Facts {
    Oid method;
    Oid schema;
    bool published;
    char identity;
  };
  const Facts facts = pg::guard([&] {
    const Relation relation = table_open(target.oid, NoLock);
    Facts found{relation->rd_rel->relam, relation->rd_rel->relnamespace, false, relation->rd_rel->relreplident};
    table_close(relation, NoLock);
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

bool has_row_rules(const RefreshTarget& target) {
  return std::ranges::any_of(target.columns, [](const TargetColumn& column) { return column.generated; }) ||
         any_rows(
             "SELECT 1 FROM pg_catalog.pg_constraint WHERE contype OPERATOR(pg_catalog.=) 'c' "
             "AND conrelid OPERATOR(pg_catalog.=) $1 LIMIT 1",
             target.oid);
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

namespace {

/// The constraint of the primary key that the source had, too, if nothing depends on it: what refers to it is a reason
/// to go on with it as long as the rows allow.
void find_lost_key(const RefreshTarget& target, const LoadPlan& plan, const Layout& layout, ColumnChanges& changes) {
  std::vector<std::string> now;
  for (const std::size_t index : plan.primary_key) now.push_back(plan.columns[index].name);
  if (layout.primary_key.empty() || now == layout.primary_key) return;
  for (const TargetColumn& column : target.columns) {
    const bool was_in = std::ranges::find(layout.primary_key, load::shown(column.name)) != layout.primary_key.end();
    if (column.in_primary_key != was_in) return;
  }
  const pg::SqlRows rows = pg::query(
      "SELECT c.conname, c.conindid FROM pg_catalog.pg_constraint c WHERE c.conrelid OPERATOR(pg_catalog.=) $1 "
      "AND c.contype OPERATOR(pg_catalog.=) 'p' AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d "
      "WHERE d.deptype OPERATOR(pg_catalog.=) 'n' "
      "AND (d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_constraint'::pg_catalog.regclass "
      "AND d.refobjid OPERATOR(pg_catalog.=) c.oid "
      "OR d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
      "AND d.refobjid OPERATOR(pg_catalog.=) c.conindid))",
      {{OIDOID, std::to_string(target.oid)}});
  if (rows.empty()) return;
  changes.lost_key = *rows[0][0];
  changes.lost_key_index = static_cast<Oid>(std::stoul(*rows[0][1]));
}

void find_lost_constraints(const RefreshTarget& target, const LoadPlan& plan, const Layout& layout,
                           ColumnChanges& changes) {
  find_lost_key(target, plan, layout, changes);
  for (const PlannedColumn& column : plan.columns) {
    const LayoutColumn* before = layout.find(column.name);
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    if (before == nullptr || !before->not_null || column.not_null || local == nullptr) continue;
    if (!local->not_null || local->identity || (local->in_primary_key && changes.lost_key.empty())) continue;
    changes.nullable.push_back(local->number);
  }
}

}  // namespace

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

core::Error null_in_not_null(const RefreshTarget& target, const std::string& column) {
  return core::Error(
      ErrorNumber::cannot_load,
      "column \"" + column + "\" of " + target.shown() + " is NOT NULL, but the source has NULL values for it", {},
      "Drop the constraint, or leave such rows out with \"sql_query\".");
}

ColumnChanges compare_columns(const RefreshTarget& target, LoadPlan& plan, const std::optional<Layout>& layout,
                              core::OnSchemaChange policy, bool constraints) {
  ColumnChanges changes;
  std::string differences;
  const auto differs = [&](const std::string& what) { differences += (differences.empty() ? "" : " ") + what + "."; };
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    PlannedColumn& column = plan.columns[i];
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    const LayoutColumn* before = layout ? layout->find(column.name) : nullptr;
    if (local == nullptr) {
      if (before != nullptr) {
        incompatible(target, "Its column \"" + column.name + "\", which came from the source, is not there any more.",
                     "Restore the column's name, or choose with \"columns\" what is to be read.");
      }
      changes.added.push_back(i);
      differs("Column \"" + column.name + "\" is new");
    } else if (local->generated) {
      incompatible(target, "Its column \"" + column.name + "\" is generated here, and a column of the source, too.",
                   "Rename one of them.");
    } else if (local->type != column.target.oid || local->typmod != column.target.typmod) {
      const std::string wanted = shown(column.target.shown);
      if (before != nullptr && before->type == wanted) {
        column.target = local_type_of(local->type, local->typmod);
        continue;
      }
      changes.retyped.push_back(i);
      differs("Column \"" + column.name + "\" is " + shown(local_type_of(local->type, local->typmod).shown) +
              " here, and " + wanted + " in the source");
    }
  }
  if (layout) {
    for (const LayoutColumn& before : layout->columns) {
      const auto planned =
          std::ranges::find_if(plan.columns, [&](const PlannedColumn& column) { return column.name == before.name; });
      const TargetColumn* local = target.find(pg::exact_server_text(before.name));
      if (planned != plan.columns.end() || local == nullptr) continue;
      changes.dropped.push_back(local->number);
      differs("Column \"" + before.name + "\" is gone from the source");
    }
  }
  if (policy == core::OnSchemaChange::error) {
    if (!changes.any()) return changes;
    incompatible(target, differences, "Set \"on_schema_change\" to \"follow\", or adapt the table.");
  }
  if (layout && constraints) find_lost_constraints(target, plan, *layout, changes);
  if (!changes.lost_key.empty()) pg::notice("the primary key is dropped, as the source does not have it any more");
  if (!changes.nullable.empty()) {
    std::vector<std::string> names;
    for (const TargetColumn& column : target.columns) {
      if (std::ranges::find(changes.nullable, column.number) != changes.nullable.end()) {
        names.push_back(load::shown(column.name));
      }
    }
    pg::notice("NOT NULL is dropped for " + column_list(names) + ", as the source does not have it any more");
  }
  check_dependents(target, changes.dropped, changes.lost_key_index, false);
  std::vector<AttrNumber> retyped;
  for (const std::size_t i : changes.retyped) {
    retyped.push_back(target.find(pg::exact_server_text(plan.columns[i].name))->number);
  }
  check_dependents(target, retyped, changes.lost_key_index, true);
  return changes;
}

ColumnChanges compare_to_overwrite(const RefreshTarget& target, const LoadPlan& plan, bool default_columns) {
  const auto refuse = [&](const std::string& detail) {
    throw core::Error(ErrorNumber::incompatible_schemas, target.shown() + " can't be overwritten: its schema differs",
                      detail, "Choose another \"collision_strategy\", or drop the table.");
  };
  for (const TargetColumn& column : target.columns) {
    const std::string name = shown(column.name);
    const auto planned = std::ranges::find_if(
        plan.columns, [&](const PlannedColumn& entry) { return pg::exact_server_text(entry.name) == column.name; });
    if (planned == plan.columns.end()) {
      if (default_columns && is_default_column(name)) continue;
      refuse("Its column \"" + name + "\" is not in the new data.");
    }
    if (column.generated || planned->target.oid != column.type || planned->target.typmod != column.typmod) {
      refuse("Its column \"" + name + "\" differs in type from the new data, where it is " +
             shown(planned->target.shown) + ".");
    }
  }
  ColumnChanges changes;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    if (target.find(pg::exact_server_text(plan.columns[i].name)) == nullptr) changes.added.push_back(i);
  }
  return changes;
}

namespace {

void add_action(std::string& actions, const std::string& action) {
  if (!action.empty()) actions += (actions.empty() ? "" : ", ") + action;
}

std::string drop_actions(const RefreshTarget& target, const ColumnChanges& changes) {
  std::string actions;
  for (const TargetColumn& column : target.columns) {
    if (std::ranges::find(changes.dropped, column.number) == changes.dropped.end()) continue;
    add_action(actions, "DROP COLUMN " + pg::quote_name(column.name));
  }
  return actions;
}

/// Columns that come or get another type.
std::string other_actions(const LoadPlan& plan, const ColumnChanges& changes, bool keep_values) {
  std::string actions;
  const auto name = [&](std::size_t i) { return pg::quote_name(pg::exact_server_text(plan.columns[i].name)); };
  for (const std::size_t i : changes.retyped) {
    const std::string& type = plan.columns[i].target.sql;
    const std::string value = keep_values ? name(i) : "NULL";
    add_action(actions, "ALTER COLUMN " + name(i) + " TYPE " + type + " USING " + value + "::" + type);
  }
  for (const std::size_t i : changes.added) {
    add_action(actions, "ADD COLUMN " + name(i) + " " + plan.columns[i].target.sql);
  }
  return actions;
}

}  // namespace

std::string alter_actions(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes) {
  std::string actions = drop_actions(target, changes);
  add_action(actions, other_actions(plan, changes, false));
  return actions;
}

std::string alter_statements(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                             bool keep_values) {
  const std::string dropped = drop_actions(target, changes);
  const std::string alter = "ALTER TABLE " + target.sql() + " ";
  // A key goes first: it would go with a column of its own.
  std::string actions = constraint_actions(target, changes);
  std::string statements;
  if (target.has_children && !dropped.empty()) {
    if (!actions.empty()) statements = alter + actions + "; ";
    // Without ONLY the children's columns would go with their values.
    statements += "ALTER TABLE ONLY " + target.sql() + " " + dropped + "; ";
    actions.clear();
  } else {
    add_action(actions, dropped);
  }
  add_action(actions, other_actions(plan, changes, keep_values));
  return actions.empty() ? statements : statements + alter + actions;
}

std::string constraint_actions(const RefreshTarget& target, const ColumnChanges& changes) {
  std::string actions;
  if (!changes.lost_key.empty()) actions = "DROP CONSTRAINT " + pg::quote_name(changes.lost_key);
  for (const TargetColumn& column : target.columns) {
    if (std::ranges::find(changes.nullable, column.number) == changes.nullable.end()) continue;
    add_action(actions, "ALTER COLUMN " + pg::quote_name(column.name) + " DROP NOT NULL");
  }
  return actions;
}

std::vector<AttrNumber> planned_attributes(Oid relation, const LoadPlan& plan) {
  std::vector<AttrNumber> numbers;
  for (const PlannedColumn& column : plan.columns) {
    const std::string name = pg::exact_server_text(column.name);
    numbers.push_back(pg::guard([&] { return get_attnum(relation, name.c_str()); }));
  }
  return numbers;
}

std::vector<std::size_t> refresh_key(const RefreshTarget& target, const core::SyncOptions& options,
                                     const LoadPlan& plan) {
  if (!options.key.empty()) return sync_key(options.key, plan);
  std::vector<std::size_t> key;
  // The primary key first; then the unique indexes that foreign keys refer to: rows that others refer to must not be
  // deleted as long as the source has them.
  const pg::SqlRows rows = pg::query(
      "SELECT x.indexrelid, a.attname FROM pg_catalog.pg_index x CROSS JOIN LATERAL "
      "pg_catalog.unnest(x.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, n) "
      "JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) x.indrelid "
      "AND a.attnum OPERATOR(pg_catalog.=) k.attnum WHERE x.indrelid OPERATOR(pg_catalog.=) $1 AND x.indisvalid "
      "AND k.n OPERATOR(pg_catalog.<=) x.indnkeyatts AND (x.indisprimary OR EXISTS (SELECT 1 FROM "
      "pg_catalog.pg_constraint c WHERE c.contype OPERATOR(pg_catalog.=) 'f' AND c.confrelid OPERATOR(pg_catalog.=) "
      "x.indrelid AND c.conindid OPERATOR(pg_catalog.=) x.indexrelid)) "
      "ORDER BY x.indisprimary DESC, x.indexrelid, k.n",
      {{OIDOID, std::to_string(target.oid)}});
  for (std::size_t i = 0; i < rows.size();) {
    key.clear();
    bool planned = true;
    const std::optional<std::string> index = rows[i][0];
    for (; i < rows.size() && rows[i][0] == index; ++i) {
      const auto found = std::ranges::find_if(
          plan.columns, [&](const PlannedColumn& column) { return pg::exact_server_text(column.name) == *rows[i][1]; });
      planned = planned && found != plan.columns.end();
      key.push_back(static_cast<std::size_t>(found - plan.columns.begin()));
    }
    if (planned) return key;
  }
  return {};
}

bool is_distributed(const RefreshTarget& target) {
  return any_rows(distribution_catalog_query, target.oid) && any_rows(distribution_query, target.oid);
}

std::string executor_reason(const RefreshTarget& target) {
  if (pg::guard([&] { return get_rel_relispartition(target.oid); })) return "the table is a partition";
  if (pg::guard([&] { return check_enable_rls(target.oid, target.owner, true) == RLS_ENABLED; })) {
    return "the table's row security binds its owner";
  }
  if (any_rows(trigger_query, target.oid)) return "the table has triggers";
  if (any_rows(rule_query, target.oid)) return "the table has rules";
  if (any_rows(foreign_key_query, target.oid)) return "there are foreign keys of or to the table";
  if (is_distributed(target)) return "the table is distributed";
  return {};
}

std::string swap_hindrance(const RefreshTarget& target) {
  std::string reason = storage_reason(target);
  return reason.empty() ? executor_reason(target) : reason;
}

WayChoice choose_way(const RefreshTarget& target, const core::SyncOptions& options, const ColumnChanges& changes,
                     bool has_key) {
  if (options.mode == core::SyncMode::merge) return {RefreshWay::merge, {}};
  if (options.mode == core::SyncMode::append) return {RefreshWay::append, {}};
  std::string reason = swap_hindrance(target);
  if (reason.empty() && changes.touches_values() && target.has_children) {
    reason = "the source's columns have changed, and other tables inherit from the table";
  }
  // The rules for rows are those of the table as it was.
  if (reason.empty() && changes.any() && has_row_rules(target)) {
    reason = "the source's columns have changed, and the table has generated columns or check constraints";
  }
  if (reason.empty()) return {RefreshWay::swap, {}};
  return {has_key ? RefreshWay::merge : RefreshWay::rewrite, std::move(reason)};
}

}  // namespace connector::load
