#include "load/refresh_target.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "load/default_columns.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
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
/// them, but for what belongs to the column itself (default, sequence, NOT NULL), and for a change of type also
/// indexes, constraints and statistics, which PostgreSQL adapts.
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
    "AND c.oid OPERATOR(pg_catalog.=) d.objid AND (c.contype OPERATOR(pg_catalog.=) 'n' OR $3 "
    "AND c.conrelid OPERATOR(pg_catalog.=) d.refobjid)) "
    "AND NOT ($3 AND (d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass "
    "OR d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass "
    "AND EXISTS (SELECT 1 FROM pg_catalog.pg_index x WHERE x.indexrelid OPERATOR(pg_catalog.=) d.objid))) "
    "ORDER BY 1";

void check_dependents(const RefreshTarget& target, const std::vector<AttrNumber>& columns, bool retyped) {
  if (columns.empty()) return;
  std::string numbers;
  for (const AttrNumber number : columns) numbers += (numbers.empty() ? "{" : ",") + std::to_string(number);
  const pg::SqlRows rows =
      pg::query(dependents_query,
                {{OIDOID, std::to_string(target.oid)}, {TEXTOID, numbers + "}"}, {BOOLOID, retyped ? "t" : "f"}});
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

bool any_rows(const char* sql, Oid relation) {
  return !pg::query(sql, {{OIDOID, std::to_string(relation)}}).empty();
}

constexpr const char* trigger_query =
    "SELECT 1 FROM pg_catalog.pg_trigger WHERE tgrelid OPERATOR(pg_catalog.=) $1 AND NOT tgisinternal "
    "AND tgenabled OPERATOR(pg_catalog.<>) 'D' LIMIT 1";

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
    bool partition;
    bool published;
    char identity;
  };
  const Facts facts = pg::guard([&] {
    const Relation relation = table_open(target.oid, NoLock);
    Facts found{relation->rd_rel->relam, relation->rd_rel->relnamespace, relation->rd_rel->relispartition, false,
                relation->rd_rel->relreplident};
    table_close(relation, NoLock);
    found.published = GetRelationPublications(target.oid) != NIL || GetAllTablesPublications() != NIL ||
                      GetSchemaPublications(found.schema) != NIL;
    return found;
  });
  if (target.kind == RELKIND_PARTITIONED_TABLE) return "the table is partitioned";
  if (target.kind == RELKIND_FOREIGN_TABLE) return "the table is foreign";
  if (target.persistence == RELPERSISTENCE_TEMP) return "the table is temporary";
  if (facts.partition) return "the table is a partition";
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
  const TupleDesc descriptor = RelationGetDescr(opened);
  for (int i = 0; i < descriptor->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped) continue;
    target.columns.push_back({attribute->attnum, NameStr(attribute->attname), attribute->atttypid, attribute->atttypmod,
                              attribute->attcollation, attribute->attgenerated != '\0', attribute->attnotnull});
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

ColumnChanges compare_columns(const RefreshTarget& target, LoadPlan& plan, const std::optional<Layout>& layout,
                              core::OnSchemaChange policy) {
  ColumnChanges changes;
  const auto remembered = [&](const std::string& name) -> const LayoutColumn* {
    if (!layout) return nullptr;
    const auto found = std::ranges::find_if(*layout, [&](const LayoutColumn& column) { return column.name == name; });
    return found == layout->end() ? nullptr : &*found;
  };
  std::string differences;
  const auto differs = [&](const std::string& what) { differences += (differences.empty() ? "" : " ") + what + "."; };
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    PlannedColumn& column = plan.columns[i];
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    const LayoutColumn* before = remembered(column.name);
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
    for (const LayoutColumn& before : *layout) {
      const auto planned =
          std::ranges::find_if(plan.columns, [&](const PlannedColumn& column) { return column.name == before.name; });
      const TargetColumn* local = target.find(pg::exact_server_text(before.name));
      if (planned != plan.columns.end() || local == nullptr) continue;
      changes.dropped.push_back(local->number);
      differs("Column \"" + before.name + "\" is gone from the source");
    }
  }
  if (!changes.any()) return changes;
  if (policy == core::OnSchemaChange::error) {
    incompatible(target, differences, "Set \"on_schema_change\" to \"follow\", or adapt the table.");
  }
  check_dependents(target, changes.dropped, false);
  std::vector<AttrNumber> retyped;
  for (const std::size_t i : changes.retyped) {
    retyped.push_back(target.find(pg::exact_server_text(plan.columns[i].name))->number);
  }
  check_dependents(target, retyped, true);
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

std::string alter_actions(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                          bool keep_values) {
  std::string actions;
  const auto add = [&](const std::string& action) { actions += (actions.empty() ? "" : ", ") + action; };
  const auto name = [&](std::size_t i) { return pg::quote_name(pg::exact_server_text(plan.columns[i].name)); };
  for (const TargetColumn& column : target.columns) {
    if (std::ranges::find(changes.dropped, column.number) != changes.dropped.end()) {
      add("DROP COLUMN " + pg::quote_name(column.name));
    }
  }
  for (const std::size_t i : changes.retyped) {
    const std::string& type = plan.columns[i].target.sql;
    add("ALTER COLUMN " + name(i) + " TYPE " + type + " USING " + (keep_values ? name(i) : "NULL") + "::" + type);
  }
  for (const std::size_t i : changes.added) add("ADD COLUMN " + name(i) + " " + plan.columns[i].target.sql);
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
                                     const core::SourceDescription& source, const LoadPlan& plan) {
  std::vector<std::size_t> key;
  const auto column_index = [&](auto&& matches) {
    return static_cast<std::size_t>(std::ranges::find_if(plan.columns, matches) - plan.columns.begin());
  };
  if (!options.key.empty()) {
    for (const std::string& name : options.key) {
      std::size_t index =
          column_index([&](const PlannedColumn& column) { return source.columns[column.remote].name == name; });
      if (index == plan.columns.size()) {
        index = column_index([&](const PlannedColumn& column) { return column.name == name; });
      }
      if (index == plan.columns.size()) {
        throw core::Error(ErrorNumber::invalid_parameters,
                          "column \"" + name + "\" of the key does not exist in the source", {},
                          "Name columns of the source in \"key\" of \"sync\".");
      }
      key.push_back(index);
    }
    return key;
  }
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
    const std::optional<std::string> index_oid = rows[i][0];
    for (; i < rows.size() && rows[i][0] == index_oid; ++i) {
      const std::size_t index = column_index(
          [&](const PlannedColumn& column) { return pg::exact_server_text(column.name) == *rows[i][1]; });
      planned = planned && index < plan.columns.size();
      key.push_back(index);
    }
    if (planned) return key;
  }
  return {};
}

bool is_distributed(const RefreshTarget& target) {
  return any_rows(distribution_catalog_query, target.oid) && any_rows(distribution_query, target.oid);
}

std::string swap_hindrance(const RefreshTarget& target) {
  if (std::string reason = storage_reason(target); !reason.empty()) return reason;
  if (pg::guard([&] { return check_enable_rls(target.oid, target.owner, true) == RLS_ENABLED; })) {
    return "the table's row security binds its owner";
  }
  if (any_rows(trigger_query, target.oid)) return "the table has triggers";
  if (any_rows(foreign_key_query, target.oid)) return "there are foreign keys of or to the table";
  if (is_distributed(target)) return "the table is distributed";
  return {};
}

WayChoice choose_way(const RefreshTarget& target, const core::SyncOptions& options, const ColumnChanges& changes,
                     bool has_key) {
  if (options.mode == core::SyncMode::merge) return {RefreshWay::merge, {}};
  if (options.mode == core::SyncMode::append) return {RefreshWay::append, {}};
  std::string reason = swap_hindrance(target);
  // The rules for rows are those of the table as it was.
  if (reason.empty() && changes.any() && has_row_rules(target)) {
    reason = "the source's columns have changed, and the table has generated columns or check constraints";
  }
  if (reason.empty()) return {RefreshWay::swap, {}};
  return {has_key ? RefreshWay::merge : RefreshWay::rewrite, std::move(reason)};
}

}  // namespace connector::load
