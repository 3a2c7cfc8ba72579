#include "load/table/target_table.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/request/names.hpp"
#include "load/table/default_columns.hpp"
#include "load/table/distribution.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/relation.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "storage/lock.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace connector::load {

using core::CollisionStrategy;
using core::ErrorNumber;

namespace {

/// Learns the OID of a table as soon as it is made: when CREATE TABLE has ended, event triggers may have given its name
/// to another one.
class CreatedTable {
 public:
  CreatedTable(Oid schema, const std::string& name) : schema_(schema), name_(name), outer_(current) {
    static const bool installed = [] {
      next_hook = object_access_hook;
      object_access_hook = watch;
      return true;
    }();
    static_cast<void>(installed);
    current = this;
  }
  ~CreatedTable() { current = outer_; }
  CreatedTable(const CreatedTable&) = delete;
  CreatedTable& operator=(const CreatedTable&) = delete;

  Oid oid() const noexcept { return oid_; }

 private:
  static void watch(ObjectAccessType access, Oid catalog, Oid object, int column, void* argument) {
    if (next_hook != nullptr) next_hook(access, catalog, object, column, argument);
    if (current == nullptr || OidIsValid(current->oid_)) return;
    if (access == OAT_POST_CREATE && catalog == RelationRelationId && column == 0 && current->is_it(object)) {
      current->oid_ = object;
    }
  }

  /// Its row in pg_class is not visible to ordinary scans yet.
  bool is_it(Oid relation) const {
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    bool is_it = false;
    pg::with_catalog(RelationRelationId, AccessShareLock, [&](Relation catalog) {
      pg::scan_catalog(catalog, ClassOidIndexId, &key, SnapshotSelf, [&](HeapTuple tuple) {
        const auto* form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
        is_it = form->relnamespace == schema_ && std::strcmp(NameStr(form->relname), name_.c_str()) == 0;
        return false;
      });
    });
    return is_it;
  }

  static CreatedTable* current;
  static object_access_hook_type next_hook;

  Oid schema_;
  const std::string& name_;
  CreatedTable* outer_;
  Oid oid_ = InvalidOid;
};

CreatedTable* CreatedTable::current = nullptr;
object_access_hook_type CreatedTable::next_hook = nullptr;

/// Locks a name that no relation may have yet: an object lock on the schema, told apart by the name's hash. A clash of
/// hashes only makes two names share a lock.
bool lock_name(Oid schema, const std::string& name, bool wait) {
  return pg::guard([&] {
    LOCKTAG tag;
    const uint32 hash = hash_bytes(reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()));
    SET_LOCKTAG_OBJECT(tag, MyDatabaseId, NamespaceRelationId, schema, static_cast<uint16>(hash | 1));
    return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
  });
}

Oid find_relation(Oid schema, const std::string& name) {
  return pg::guard([&] { return get_relname_relid(name.c_str(), schema); });
}

std::string column_definition(const PlannedColumn& column) {
  return pg::quote_name(pg::exact_server_text(column.name)) + " " + column.target.sql +
         (column.not_null ? " NOT NULL" : "");
}

void add_action(std::string& actions, const std::string& column, const char* action) {
  core::add_item(actions, "ALTER COLUMN " + pg::quote_name(column) + " " + action);
}

std::string key_columns(const LoadPlan& plan) {
  std::string list;
  for (const std::size_t index : plan.primary_key) {
    core::add_item(list, pg::quote_name(pg::exact_server_text(plan.columns[index].name)));
  }
  return list;
}

constexpr int key_memory_kb = 24 * 1024;

bool has_primary_key(Oid table) {
  return pg::any_catalog_row("SELECT 1 FROM pg_index WHERE indrelid = $1 AND indisprimary LIMIT 1", table);
}

void add_key(Oid table, const LoadPlan& plan, const std::vector<bool>& has_nulls) {
  if (plan.primary_key.empty()) return;
  if (has_primary_key(table)) {
    pg::notice("the primary key of the source is not added", "An event trigger gave the new table another one.");
    return;
  }
  if (std::ranges::any_of(plan.primary_key, [&](std::size_t index) { return has_nulls[index]; })) {
    pg::warning("the primary key is not kept", "Values that became NULL on the way are in its columns.");
    return;
  }
  const std::string command = "ALTER TABLE " + table_name(table).sql() + " ADD PRIMARY KEY (" + key_columns(plan) + ")";
  try {
    pg::in_subtransaction([&] {
      // Rows mostly come in the key's order, which sorts as fast with little memory.
      with_key_memory([&] { pg::execute(command); });
    });
  } catch (const pg::PgError& error) {
    // Elsewhere a key may hold the beginning of a text only; here a text may be too long for an index.
    // Its type may have no order (json was asked for).
    if (error.sqlerrcode() != ERRCODE_PROGRAM_LIMIT_EXCEEDED && error.sqlerrcode() != ERRCODE_UNDEFINED_OBJECT) throw;
    pg::warning("the primary key is not kept", std::string("An index can't hold its values: ") + error.what() + ".");
  }
}

/// Comments on `what`, unless the comment has no equivalent in the database's encoding.
void add_comment(const std::string& what, const std::string& shown, const std::string& comment) {
  if (comment.empty()) return;
  std::string text;
  try {
    text = pg::exact_server_text(comment);
  } catch (const core::Error& error) {
    pg::warning("the comment on " + shown + " is not kept", std::string(error.what()) + ".");
    return;
  }
  pg::execute("COMMENT ON " + what + " IS " + pg::quote_text(text));
}

}  // namespace

void with_key_memory(const std::function<void()>& function) {
  pg::with_settings({{"maintenance_work_mem", std::to_string(std::min(maintenance_work_mem, key_memory_kb))}},
                    function);
}

/// A table is a type as well, and so a domain, for example, is in its way. The type that PostgreSQL makes for arrays
/// gives way by itself.
bool is_taken(Oid schema, const std::string& name) {
  if (OidIsValid(find_relation(schema, name))) return true;
  return pg::guard([&] {
    const Oid type =
        GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name.c_str()), ObjectIdGetDatum(schema));
    if (!OidIsValid(type)) return false;
    const Oid element = get_element_type(type);
    return !OidIsValid(element) || get_array_type(element) != type;
  });
}

TargetSchema find_target_schema(const std::optional<std::string>& name) {
  TargetSchema schema;
  if (name) {
    const std::string server_name = pg::exact_server_text(*name);
    schema.oid = pg::guard([&] {
      const Oid found = get_namespace_oid(server_name.c_str(), true);
      if (!OidIsValid(found)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema \"%s\" does not exist", server_name.c_str()),
                        errhint("\"target_schema\" names a schema of this database: CREATE SCHEMA makes one.")));
      }
      return found;
    });
  } else {
    List* path = pg::guard([] { return fetch_search_path(false); });
    if (path == NIL) {
      throw core::Error(ErrorNumber::cannot_load, "no schema has been selected to create the table in", {},
                        "Set search_path, or name one with \"target_schema\".");
    }
    schema.oid = linitial_oid(path);
  }
  pg::guard([&] {
    // Both: who may create a table there, and not use the schema, could not add its key.
    for (const AclMode mode : {AclMode{ACL_USAGE}, AclMode{ACL_CREATE}}) {
      if (connector_aclcheck_namespace(schema.oid, GetUserId(), mode) == ACLCHECK_OK) continue;
      const char* shown = get_namespace_name(schema.oid);
      ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for schema %s", shown),
                      errhint("Ask its owner for GRANT USAGE, CREATE ON SCHEMA %s TO %s, or choose another one with "
                              "\"target_schema\".",
                              quote_identifier(shown), quote_identifier(GetUserNameFromId(GetUserId(), false)))));
    }
  });
  schema.name = pg::guard([&] { return get_namespace_name(schema.oid); });
  return schema;
}

NameChoice choose_table_name(const TargetSchema& schema, const std::string& wanted, CollisionStrategy strategy) {
  NameChoice choice;
  if (strategy == CollisionStrategy::rename) {
    // A name that another import holds locked counts as taken.
    choice.name = pg::exact_server_text(core::unused_name(wanted, [&](const std::string& candidate) {
      const std::string name = pg::exact_server_text(candidate);
      return is_taken(schema.oid, name) || !lock_name(schema.oid, name, false) || is_taken(schema.oid, name);
    }));
    return choice;
  }
  choice.name = pg::exact_server_text(wanted);
  lock_name(schema.oid, choice.name, true);
  choice.existing = find_relation(schema.oid, choice.name);
  if (!OidIsValid(choice.existing)) {
    if (!is_taken(schema.oid, choice.name)) return choice;
    throw core::Error(ErrorNumber::bad_name, "type \"" + wanted + "\" already exists",
                      "A table is a type as well, so it can't have that name.",
                      "Choose another name with \"import_as\", or another \"collision_strategy\".");
  }
  if (strategy == CollisionStrategy::error) {
    throw core::Error(ErrorNumber::bad_name, "relation \"" + wanted + "\" already exists", {},
                      "Choose another name with \"import_as\", or another \"collision_strategy\".");
  }
  choice.outcome = strategy == CollisionStrategy::skip ? NameChoice::Outcome::skip : NameChoice::Outcome::overwrite;
  return choice;
}

Oid create_relation(const TargetSchema& schema, const std::string& name, const std::string& command) {
  const CreatedTable created(schema.oid, name);
  // Citus distributes tables that a session makes there, and passes over those that a function makes.
  is_distributed_schema(schema.oid) ? pg::run_command(command) : static_cast<void>(pg::execute(command));
  return created.oid();
}

Oid create_table(const TargetSchema& schema, const std::string& name, const LoadPlan& plan, bool default_columns) {
  std::string definitions;
  std::vector<const PlannedColumn*> others;
  for (const PlannedColumn& column : plan.columns) others.push_back(&column);
  for (const DefaultColumn& first : default_columns ? new_default_columns() : std::vector<DefaultColumn>()) {
    const auto used =
        std::ranges::find_if(others, [&](const PlannedColumn* column) { return column->name == first.name; });
    core::add_item(definitions, used != others.end() ? column_definition(**used)
                                                     : first.name + (" " + first.type) + " " + first.generation);
    if (used != others.end()) others.erase(used);
  }
  for (const PlannedColumn* column : others) core::add_item(definitions, column_definition(*column));
  return create_relation(schema, name,
                         "CREATE TABLE " + pg::quote_qualified(schema.name, name) + " (" + definitions + ")");
}

std::string TableName::sql() const {
  return pg::quote_qualified(schema, name);
}

TableName table_name(Oid table) {
  const char* schema = nullptr;
  const char* name = nullptr;
  pg::guard([&] {
    name = get_rel_name(table);
    if (name != nullptr) schema = get_namespace_name(get_rel_namespace(table));
  });
  if (name == nullptr || schema == nullptr) {
    throw core::Error(ErrorNumber::incompatible_schemas, "the new table is not there any more", {},
                      "Look for an event trigger that drops it.");
  }
  return {schema, name};
}

void relax_not_null(const RefreshTarget& target, const LoadPlan& plan, std::optional<std::size_t> fixed) {
  std::string actions;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    const PlannedColumn& column = plan.columns[i];
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    if (i == fixed || !column.not_null || local == nullptr || !local->can_drop_not_null()) continue;
    add_action(actions, local->name, "DROP NOT NULL");
  }
  if (!actions.empty()) pg::execute("ALTER TABLE " + table_name(target.oid).sql() + " " + actions);
}

void restore_not_null(const RefreshTarget& target, const LoadPlan& plan, const std::vector<bool>& has_nulls,
                      bool relaxed, std::optional<std::size_t> fixed) {
  std::string actions;
  std::string names;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    const PlannedColumn& column = plan.columns[i];
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    if (i == fixed || local == nullptr || !local->not_null) continue;
    if (!has_nulls[i]) {
      if (relaxed && column.not_null && local->can_drop_not_null()) add_action(actions, local->name, "SET NOT NULL");
      continue;
    }
    if (!column.not_null) throw null_in_not_null(target, column.name);
    add_action(actions, local->name, "DROP NOT NULL");
    core::add_item(names, "\"" + column.name + "\"");
  }
  if (!actions.empty()) pg::execute("ALTER TABLE " + table_name(target.oid).sql() + " " + actions);
  if (!names.empty()) {
    pg::warning("NOT NULL is not kept for " + names, "Values that became NULL on the way are in these columns.");
  }
}

void add_comments(Oid table, const LoadPlan& plan, const std::string& comment) {
  // An event trigger may follow each of the commands.
  const bool is_foreign = pg::guard([=] { return get_rel_relkind(table) == RELKIND_FOREIGN_TABLE; });
  add_comment((is_foreign ? "FOREIGN TABLE " : "TABLE ") + table_name(table).sql(), "the table", comment);
  for (const PlannedColumn& column : plan.columns) {
    add_comment("COLUMN " + table_name(table).sql() + "." + pg::quote_name(pg::exact_server_text(column.name)),
                "column \"" + column.name + "\"", column.comment);
  }
}

void finish_table(Oid table, LoadPlan plan, const std::vector<bool>& has_nulls, const std::string& comment,
                  bool default_columns) {
  if (default_columns) {
    const TableName name = table_name(table);
    with_key_memory([&] { finish_default_columns(name.schema, name.name, plan, has_primary_key(table)); });
  }
  add_key(table, plan, has_nulls);
  add_comments(table, plan, comment);
  pg::execute("ANALYZE " + table_name(table).sql());
}

}  // namespace connector::load
