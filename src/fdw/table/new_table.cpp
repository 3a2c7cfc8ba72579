#include "fdw/table/new_table.hpp"

#include <memory>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/table/create_statement.hpp"
#include "jobs/foreign_server.hpp"
#include "load/read/plan.hpp"
#include "load/table/target_table.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/relation.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "foreign/foreign.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace connector::fdw {

namespace {

using load::NameChoice;

/// Throws core::Error (bad_name) unless the relation is a foreign table of this wrapper that the current role owns.
void check_replaceable(Oid relation, const std::string& name) {
  const Oid wrapper = jobs::wrapper_oid();
  const bool is_ours = pg::guard([=] {
    if (get_rel_relkind(relation) != RELKIND_FOREIGN_TABLE) return false;
    return has_privs_of_role(GetUserId(), pg::owner_of(relation)) &&
           GetForeignServer(GetForeignTable(relation)->serverid)->fdwid == wrapper;
  });
  if (is_ours) return;
  throw core::Error(core::ErrorNumber::bad_name, "relation " + core::quoted(name) + " can't be replaced",
                    "Only a foreign table of the wrapper connector can, by its owner.",
                    "Choose another name with \"import_as\", or another \"collision_strategy\".");
}

/// Drops the foreign table, which was looked at before the remote was.
void drop(Oid table, const std::string& name) {
  pg::guard([=] { LockRelationOid(table, AccessExclusiveLock); });
  check_replaceable(table, name);
  pg::execute("DROP FOREIGN TABLE " + load::table_name(table).sql());
}

NewForeignTable definition(const core::ConnectorSpec& spec, const load::LoadPlan& plan,
                           const core::SourceDescription& source) {
  NewForeignTable table;
  table.server = pg::exact_server_text(*spec.foreign_server);
  table.options = options_for(spec);
  for (const load::PlannedColumn& planned : plan.columns) {
    NewColumn& column = table.columns.emplace_back(NewColumn{planned.name, planned.remote_name, planned.target.sql});
    // Casts can make NULLs, as substitutions do.
    column.not_null =
        planned.not_null && planned.target == planned.natural && !source.columns.at(planned.remote).may_become_null;
  }
  return table;
}

}  // namespace

Oid make_foreign_table(const jobs::Request& request) {
  const core::ConnectorSpec& spec = request.spec();
  const load::TargetSchema schema = load::find_target_schema(spec.target_schema);
  const std::string wanted = load::wanted_table_name(spec);
  const NameChoice choice = load::choose_table_name(schema, wanted, spec.collision_strategy);
  if (choice.outcome == NameChoice::Outcome::skip) {
    pg::notice("relation " + core::quoted(wanted) + " already exists, skipping");
    return choice.existing;
  }
  if (choice.outcome == NameChoice::Outcome::overwrite) check_replaceable(choice.existing, wanted);

  const std::string server_name = pg::exact_server_text(*spec.foreign_server);
  const Oid server = pg::guard([&] { return get_foreign_server_oid(server_name.c_str(), false); });
  const std::unique_ptr<Lease> leased = lease(server, GetUserId());
  const std::unique_ptr<core::Source> source = load::describe_source(spec, leased->connection());
  const core::SourceDescription& description = source->description();
  const load::LoadPlan plan = load::make_plan(spec, description, request.limits().max_columns);
  load::report_plan(spec, pg::utf8_text(choice.name), plan);

  if (choice.outcome == NameChoice::Outcome::overwrite) drop(choice.existing, wanted);
  NewForeignTable table = definition(spec, plan, description);
  table.name_sql = pg::quote_qualified(schema.name, choice.name);
  const Oid made = load::create_relation(schema, choice.name, create_statement(table));
  load::add_comments(made, plan, description.comment);
  return made;
}

}  // namespace connector::fdw
