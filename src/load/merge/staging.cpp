#include "load/merge/staging.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/merge/key_check.hpp"
#include "load/table/default_columns.hpp"
#include "load/merge/row_sql.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "catalog/toasting.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "nodes/makefuncs.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

void check_temporary_allowed() {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT has_database_privilege(current_database()::text, 'TEMPORARY'), quote_ident(current_database()::text), "
      "quote_ident(CURRENT_USER::text)");
  if (rows.at(0).at(0) == "t") return;
  const auto shown = [&](std::size_t column) { return pg::utf8_text(rows[0][column].value_or("")); };
  throw core::Error(ErrorNumber::cannot_load, "role " + shown(2) + " may not create temporary tables",
                    "A refresh that does not exchange the table's storage puts the source's rows into one first.",
                    "GRANT TEMPORARY ON DATABASE " + shown(1) + " TO " + shown(2) + ".", true);
}

/// The collation of a column that is of the type `type`: the target's own, unless it gets another type.
Oid collation_of(const TargetColumn* local, Oid type) {
  if (local != nullptr && local->type == type) return local->collation;
  return pg::guard([&] { return get_typcollation(type); });
}

std::vector<BareColumn> difference_columns(const RefreshTarget& target, const LoadPlan& plan,
                                           const std::vector<std::size_t>& key) {
  std::vector<BareColumn> columns{
      {"part", OIDOID}, {"old", TIDOID}, {"new", TIDOID}, {"moved", BOOLOID}, {"replaced", BOOLOID}};
  for (std::size_t i = 0; i < key.size(); ++i) {
    const PlannedColumn& planned = plan.columns[key[i]];
    const TargetColumn* local = target.find(pg::exact_server_text(planned.name));
    columns.push_back({"k" + std::to_string(i + 1), planned.target.oid, planned.target.typmod,
                       collation_of(local, planned.target.oid)});
  }
  return columns;
}

enum class KeyIndex { built, duplicates, impossible };

/// A unique index on the key shows that all keys differ, and lets the rows be read in the key's order.
KeyIndex index_key(const Staging& staging, const LoadPlan& plan, const std::vector<std::size_t>& key) {
  if (key.size() > INDEX_MAX_KEYS) return KeyIndex::impossible;
  std::vector<std::string> names;
  for (const std::size_t index : key) names.push_back(pg::exact_server_text(plan.columns[index].name));
  try {
    pg::in_subtransaction([&] {
      pg::guard([&] {
        IndexStmt* statement = makeNode(IndexStmt);
        statement->accessMethod = pstrdup("btree");
        statement->unique = true;
        statement->transformed = true;
        for (const std::string& name : names) {
          IndexElem* element = makeNode(IndexElem);
          element->name = pstrdup(name.c_str());
          statement->indexParams = lappend(statement->indexParams, element);
        }
        connector_define_index(staging.oid(), statement);
        CommandCounterIncrement();
      });
    });
  } catch (const pg::PgError& error) {
    switch (error.sqlerrcode()) {
      case ERRCODE_UNIQUE_VIOLATION:
        return KeyIndex::duplicates;
      case ERRCODE_PROGRAM_LIMIT_EXCEEDED:  // a value that is too long for an index
      case ERRCODE_UNDEFINED_OBJECT:        // a type, or one of an array's elements, without an order
      case ERRCODE_UNDEFINED_FUNCTION:
        return KeyIndex::impossible;
      default:
        throw;
    }
  }
  return KeyIndex::built;
}

}  // namespace

Oid create_bare_table(const std::string& schema, const std::string& name, char persistence,
                      const std::vector<BareColumn>& columns) {
  return pg::guard([&] {
    CreateStmt* statement = makeNode(CreateStmt);
    statement->relation = makeRangeVar(pstrdup(schema.c_str()), pstrdup(name.c_str()), -1);
    statement->relation->relpersistence = persistence;
    statement->oncommit = persistence == RELPERSISTENCE_TEMP ? ONCOMMIT_DROP : ONCOMMIT_NOOP;
    statement->accessMethod = pstrdup("heap");
    for (const BareColumn& column : columns) {
      statement->tableElts = lappend(statement->tableElts, makeColumnDef(pstrdup(column.name.c_str()), column.type,
                                                                         column.typmod, column.collation));
    }
    const ObjectAddress address = DefineRelation(statement, RELKIND_RELATION, InvalidOid, nullptr, nullptr);
    CommandCounterIncrement();
    NewRelationCreateToastTable(address.objectId, 0);
    CommandCounterIncrement();
    return address.objectId;
  });
}

std::vector<BareColumn> staging_columns(const RefreshTarget& target, const LoadPlan& plan, bool default_geometry) {
  std::vector<BareColumn> columns;
  for (const PlannedColumn& planned : plan.columns) {
    const std::string name = pg::exact_server_text(planned.name);
    columns.push_back(
        {name, planned.target.oid, planned.target.typmod, collation_of(target.find(name), planned.target.oid)});
  }
  if (default_geometry) {
    for (const std::string& name : geometry_columns()) {
      const TargetColumn* local = target.find(name);
      if (local == nullptr) break;
      const auto is_there = [&](const BareColumn& column) { return column.name == name; };
      if (std::ranges::any_of(columns, is_there)) continue;
      columns.push_back({name, local->type, local->typmod, local->collation});
    }
  }
  return columns;
}

StagedColumns::StagedColumns(const LoadPlan& plan, const std::vector<BareColumn>& columns)
    : planned_(plan.columns.size()) {
  for (const BareColumn& column : columns) {
    columns_.push_back({pg::quote_name(column.name), column.type, column.collation});
  }
}

std::vector<std::string> StagedColumns::column_names() const {
  std::vector<std::string> names;
  for (const StagedColumn& column : columns_) names.push_back(column.name);
  return names;
}

void StagedColumns::set_nulls(const std::vector<bool>& has_nulls) {
  for (std::size_t i = 0; i < has_nulls.size(); ++i) columns_[i].has_nulls = has_nulls[i];
}

TemporaryTable::TemporaryTable(const std::string& name, const std::vector<BareColumn>& columns)
    : sql_("pg_temp." + name) {
  check_temporary_allowed();
  oid_ = create_bare_table("pg_temp", name, RELPERSISTENCE_TEMP, columns);
}

void TemporaryTable::drop() {
  pg::guard([&] {
    const ObjectAddress address{RelationRelationId, oid_, 0};
    performDeletion(&address, DROP_CASCADE, PERFORM_DELETION_INTERNAL | PERFORM_DELETION_QUIETLY);
    CommandCounterIncrement();
  });
}

Staging::Staging(const RefreshTarget& target, const LoadPlan& plan, const std::vector<std::size_t>& key,
                 bool default_geometry)
    : StagedColumns(plan, staging_columns(target, plan, default_geometry)),
      rows_("connector_staging_" + std::to_string(target.oid), staging_columns(target, plan, default_geometry)),
      difference_("connector_difference_" + std::to_string(target.oid), difference_columns(target, plan, key)) {}

std::vector<AttrNumber> Staging::planned_attributes() const {
  std::vector<AttrNumber> attributes;
  for (std::size_t i = 1; i <= planned_; ++i) attributes.push_back(static_cast<AttrNumber>(i));
  return attributes;
}

void Staging::drop() {
  difference_.drop();
  rows_.drop();
}

void check_key_values(const std::string& rows, const StagedColumns& columns, const LoadPlan& plan,
                      const std::vector<std::size_t>& key) {
  std::vector<bool> has_nulls;
  for (const StagedColumn& column : columns.columns()) has_nulls.push_back(column.has_nulls);
  refuse_null_keys({rows, plan, key}, has_nulls);
}

void check_key_unique(const Staging& staging, const LoadPlan& plan, const std::vector<std::size_t>& key) {
  const std::string list = core::joined(key_names(plan, key));
  if (index_key(staging, plan, key) != KeyIndex::built) {
    refuse_equal_keys({staging.sql(), plan, key});
  }
  // Whether the table lies in the key's order decides how it is best joined; a small sample tells.
  pg::with_settings({{"default_statistics_target", "10"}},
                    [&] { pg::execute("ANALYZE " + staging.sql() + " (" + list + ")"); });
}

}  // namespace connector::load
