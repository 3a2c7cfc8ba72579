#include "load/refresh/column_changes.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/table/default_columns.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

std::string shown(const std::string& server) {
  return pg::utf8_text(server);
}

std::string column_list(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) core::add_item(list, '"' + name + '"');
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
    "SELECT DISTINCT pg_describe_object(COALESCE(r.classid, d.classid), COALESCE(r.objid, d.objid), "
    "COALESCE(r.objsubid, d.objsubid)) FROM pg_depend d "
    // A view depends through its rule, whose description names the view.
    "LEFT JOIN LATERAL (SELECT 'pg_class'::regclass::oid AS classid, w.ev_class AS objid, 0 AS objsubid "
    "FROM pg_rewrite w WHERE d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid) r ON true "
    "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.refobjsubid = ANY ($2::int4[]) "
    "AND d.deptype <> 'i' AND NOT (d.classid = 'pg_class'::regclass AND d.deptype = 'a' AND EXISTS (SELECT 1 "
    "FROM pg_class s WHERE s.oid = d.objid AND s.relkind = 'S')) AND NOT EXISTS (SELECT 1 FROM pg_attrdef f "
    "WHERE d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid AND f.adrelid = d.refobjid "
    "AND f.adnum = d.refobjsubid) AND NOT EXISTS (SELECT 1 FROM pg_constraint c "
    "WHERE d.classid = 'pg_constraint'::regclass AND c.oid = d.objid AND (c.contype = 'n' OR c.contype = 'p' "
    "AND c.conindid = $4 OR $3 AND c.conrelid = d.refobjid)) AND NOT ($3 AND (d.classid = 'pg_statistic_ext'::regclass "
    "OR d.classid = 'pg_class'::regclass AND EXISTS (SELECT 1 FROM pg_index x WHERE x.indexrelid = d.objid))) "
    "ORDER BY 1";

enum class ColumnChange { dropped, retyped };

void check_dependents(const RefreshTarget& target, const std::vector<AttrNumber>& columns, Oid lost_key,
                      ColumnChange change) {
  if (columns.empty()) return;
  std::string numbers;
  for (const AttrNumber number : columns) core::add_item(numbers, std::to_string(number), ",");
  const pg::SqlRows rows = pg::catalog_query(dependents_query, {{OIDOID, std::to_string(target.oid)},
                                                                {TEXTOID, "{" + numbers + "}"},
                                                                {BOOLOID, change == ColumnChange::retyped ? "t" : "f"},
                                                                {OIDOID, std::to_string(lost_key)}});
  if (rows.empty()) return;
  std::string list;
  for (const auto& row : rows) core::add_item(list, shown(row[0].value_or("")));
  std::vector<std::string> names;
  for (const TargetColumn& column : target.columns) {
    if (std::ranges::find(columns, column.number) != columns.end()) names.push_back(shown(column.name));
  }
  throw core::Error(ErrorNumber::dependents_in_the_way,
                    target.shown() + " can't follow the source: other objects depend on columns that " +
                        (change == ColumnChange::retyped ? "have another type there" : "are gone there"),
                    "Columns: " + column_list(names) + ". Dependents: " + list + ".",
                    "Drop or change the dependents, then have the table refreshed again.");
}

/// The constraint of the primary key that the source had, too, if nothing depends on it: what refers to it is a reason
/// to go on with it as long as the rows allow.
void find_lost_key(const RefreshTarget& target, const LoadPlan& plan, const Layout& layout, ColumnChanges& changes) {
  std::vector<std::string> now;
  for (const std::size_t index : plan.primary_key) now.push_back(plan.columns[index].name);
  if (layout.primary_key.empty() || now == layout.primary_key) return;
  for (const TargetColumn& column : target.columns) {
    const bool was_in = std::ranges::find(layout.primary_key, shown(column.name)) != layout.primary_key.end();
    if (column.in_primary_key != was_in) return;
  }
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT c.conname, c.conindid FROM pg_constraint c WHERE c.conrelid = $1 AND c.contype = 'p' AND NOT EXISTS "
      "(SELECT 1 FROM pg_depend d WHERE d.deptype = 'n' AND (d.refclassid = 'pg_constraint'::regclass "
      "AND d.refobjid = c.oid OR d.refclassid = 'pg_class'::regclass AND d.refobjid = c.conindid))",
      {{OIDOID, std::to_string(target.oid)}});
  if (rows.empty()) return;
  changes.lost_key = *rows[0][0];
  changes.lost_key_index = pg::read_oid(rows[0][1]);
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

/// Whether the column may be one that came from the source under a name that is neither there nor here any more: then
/// it was renamed on both sides.
bool was_renamed(const RefreshTarget& target, const LoadPlan& plan, const Layout& layout, const TargetColumn& local) {
  const std::string type = shown(local_type_of(local.type, local.typmod).shown);
  return std::ranges::any_of(layout.columns, [&](const LayoutColumn& before) {
    return before.type == type && target.find(pg::exact_server_text(before.name)) == nullptr &&
           std::ranges::none_of(plan.columns, [&](const PlannedColumn& column) { return column.name == before.name; });
  });
}

}  // namespace

ColumnChanges compare_columns(const RefreshTarget& target, LoadPlan& plan, const std::optional<Layout>& layout,
                              core::OnSchemaChange policy, bool constraints) {
  ColumnChanges changes;
  std::string differences;
  const auto differs = [&](const std::string& what) { core::add_item(differences, what + ".", " "); };
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
    } else if (layout && before == nullptr && !was_renamed(target, plan, *layout, *local)) {
      incompatible(target,
                   "Its column \"" + column.name + "\" did not come from the source, which now has one of that name.",
                   "Rename the column here, or drop it to have the source's.");
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
        names.push_back(shown(column.name));
      }
    }
    pg::notice("NOT NULL is dropped for " + column_list(names) + ", as the source does not have it any more");
  }
  check_dependents(target, changes.dropped, changes.lost_key_index, ColumnChange::dropped);
  std::vector<AttrNumber> retyped;
  for (const std::size_t i : changes.retyped) {
    retyped.push_back(target.find(pg::exact_server_text(plan.columns[i].name))->number);
  }
  check_dependents(target, retyped, changes.lost_key_index, ColumnChange::retyped);
  return changes;
}

std::vector<SchemaChange> told_changes(const RefreshTarget& target, const LoadPlan& plan,
                                       const ColumnChanges& changes) {
  using Kind = SchemaChange::Kind;
  std::vector<SchemaChange> told;
  const auto type_of = [](const TargetColumn& column) {
    return shown(local_type_of(column.type, column.typmod).shown);
  };
  for (const std::size_t i : changes.added) {
    told.push_back(
        {.kind = Kind::column_added, .name = plan.columns[i].name, .to = shown(plan.columns[i].target.shown)});
  }
  for (const std::size_t i : changes.retyped) {
    const PlannedColumn& column = plan.columns[i];
    told.push_back({.kind = Kind::type_changed,
                    .name = column.name,
                    .from = type_of(*target.find(pg::exact_server_text(column.name))),
                    .to = shown(column.target.shown)});
  }
  for (const TargetColumn& column : target.columns) {
    const auto is_in = [&](const std::vector<AttrNumber>& numbers) {
      return std::ranges::find(numbers, column.number) != numbers.end();
    };
    if (is_in(changes.dropped)) {
      told.push_back({.kind = Kind::column_dropped, .name = shown(column.name), .from = type_of(column)});
    }
    if (is_in(changes.nullable)) told.push_back({.kind = Kind::not_null_dropped, .name = shown(column.name)});
  }
  if (!changes.lost_key.empty()) {
    told.push_back({.kind = Kind::primary_key_dropped, .name = shown(changes.lost_key)});
  }
  return told;
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
  if (!action.empty()) core::add_item(actions, action);
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
std::string other_actions(const LoadPlan& plan, const ColumnChanges& changes, RetypedValues values) {
  std::string actions;
  const auto name = [&](std::size_t i) { return pg::quote_name(pg::exact_server_text(plan.columns[i].name)); };
  for (const std::size_t i : changes.retyped) {
    const std::string& type = plan.columns[i].target.sql;
    const std::string value = values == RetypedValues::kept ? name(i) : "NULL";
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
  add_action(actions, other_actions(plan, changes, RetypedValues::nulled));
  return actions;
}

std::string alter_statements(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                             RetypedValues values) {
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
  add_action(actions, other_actions(plan, changes, values));
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

}  // namespace connector::load
