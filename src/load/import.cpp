#include "load/import.hpp"

#include "core/error.hpp"
#include "load/cursor.hpp"
#include "load/default_columns.hpp"
#include "load/layout.hpp"
#include "load/refresh.hpp"
#include "load/refresh_locks.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

std::vector<AttrNumber> leading_attributes(std::size_t count) {
  std::vector<AttrNumber> attributes;
  for (std::size_t i = 1; i <= count; ++i) attributes.push_back(static_cast<AttrNumber>(i));
  return attributes;
}

/// What the next refresh is told of the table.
std::string layout_of(LoadPlan plan, bool default_columns) {
  if (default_columns) rename_for_default_columns(plan);
  return layout_text(plan);
}

/// Before it is locked: the lock is not for everybody.
void check_overwritable(Oid relation, const std::string& name) {
  const char kind = pg::guard([&] { return get_rel_relkind(relation); });
  if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE) {
    throw core::Error(core::ErrorNumber::incompatible_schemas,
                      "\"" + pg::utf8_text(std::string_view(name)) + "\" can't be overwritten: it is not a table", {},
                      "Choose another \"collision_strategy\", or another name with \"import_as\".");
  }
  pg::guard([&] {
    if (!connector_owns_relation(relation, GetUserId())) {
      aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relation));
    }
  });
}

/// New contents for an existing table: a refresh of it.
ImportResult overwrite(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                       const NameChoice& target, Oid caller, const ImportLimits& limits, core::Wait& wait,
                       Progress& progress) {
  check_overwritable(target.existing, target.name);
  lock_for_refresh(target.existing, wait);
  // The table was chosen by its name, before it was locked.
  if (pg::guard([&] { return get_relname_relid(target.name.c_str(), schema.oid); }) != target.existing) {
    throw core::Error(
        core::ErrorNumber::cannot_load,
        "table \"" + pg::utf8_text(std::string_view(target.name)) + "\" was renamed or replaced by another session", {},
        "Try again.");
  }
  const RefreshRequest request{spec, target.existing, caller, limits, std::nullopt, std::nullopt, true};
  return run_refresh(connection, request, wait, progress).load;
}

}  // namespace

ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, Oid caller, const ImportLimits& limits, core::Wait& wait,
                        Progress& progress) {
  if (target.outcome == NameChoice::Outcome::overwrite) {
    return overwrite(connection, spec, schema, target, caller, limits, wait, progress);
  }
  // Types that the request names may have functions of anybody's.
  const pg::ActAs restricted(GetUserId(), pg::flags_for_code_of(GetUserId(), caller));
  progress.phase(RunPhase::describing);
  pg::Tied<core::Source> source(TopTransactionContext);
  source.set(connection.describe(source_request(spec)));
  const core::SourceDescription& description = source->description();
  const LoadPlan plan = make_plan(spec, description, limits.max_columns);
  report_plan(spec, pg::utf8_text(std::string_view(target.name)), plan);

  ImportResult result;
  result.max_rows = limits.max_rows;
  result.skipped = plan.skipped;
  const Oid table = create_table(schema, target.name, plan);

  std::vector<bool> has_nulls;
  {  // the batch's memory is given back before the key is built
    Stream stream(*source, plan, spec.invalid_values, limits, wait, progress);
    const bool appends = spec.sync && spec.sync->mode == core::SyncMode::append;
    const bool ordered =
        appends && read_by_cursor(*source, plan.columns[cursor_column(spec, description, plan)], std::nullopt);
    stream.open();
    BulkInsert insert(table, leading_attributes(plan.columns.size()));
    stream.run(insert, result);
    insert.finish();
    has_nulls = insert.has_nulls();
    if (appends) check_truncation(result, ordered);
  }
  const std::string comment = description.comment;
  source.reset();  // the remote need not wait for indexes and statistics
  progress.phase(RunPhase::indexing);
  finish_table(schema, target.name, plan, has_nulls, comment, spec.default_columns);
  report_result(result);
  result.layout = layout_of(plan, spec.default_columns);
  return result;
}

}  // namespace connector::load
