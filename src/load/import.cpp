#include "load/import.hpp"

#include "core/error.hpp"
#include "load/apply.hpp"
#include "load/bulk_insert.hpp"
#include "load/cursor.hpp"
#include "load/default_columns.hpp"
#include "load/layout.hpp"
#include "load/refresh.hpp"
#include "load/refresh_locks.hpp"
#include "load/refresh_target.hpp"
#include "load/row_rules.hpp"
#include "load/sync_column.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace connector::load {

namespace {

/// What the next refresh is told of the table.
std::string layout_of(LoadPlan plan, bool default_columns) {
  if (default_columns) rename_for_default_columns(plan);
  return layout_text(plan, nullptr);
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

/// What becomes of the rows of one import, once the table is there and the source is described.
class Load {
 public:
  Load(const RefreshTarget& target, const LoadPlan& plan, pg::Tied<core::Source>& source,
       const core::ConnectorSpec& spec, const ImportLimits& limits, core::Wait& wait, Progress& progress)
      : target_(target),
        plan_(plan),
        source_(source),
        spec_(spec),
        limits_(limits),
        wait_(wait),
        progress_(progress) {}

  /// Fills the table's own storage. The rules for rows are applied here, and the indexes that it may have already are
  /// built afterwards.
  void fill_directly(ImportResult& result) {
    const std::vector<AttrNumber> attributes = planned_attributes(target_.oid, plan_);
    const bool ruled = has_row_rules(attributes);
    if (ruled) relax_not_null(target_, plan_);
    RowRules rules(target_.oid, attributes);
    stream(target_.oid, attributes, ruled ? &rules : nullptr, result);
    rules.finish();
    settle_not_null(target_, plan_, has_nulls_, ruled);
    if (has_indexes(target_.oid)) pg::execute("REINDEX TABLE " + table_name(target_.oid).sql());
  }

  /// By way of a temporary table and INSERT, for a table with triggers and the like.
  void fill_through_executor(ImportResult& result) {
    Staging staging(target_, plan_, false);
    std::vector<AttrNumber> attributes;
    for (std::size_t i = 1; i <= plan_.columns.size(); ++i) attributes.push_back(static_cast<AttrNumber>(i));
    stream(staging.oid(), attributes, nullptr, result);
    settle_not_null(target_, plan_, has_nulls_, false);
    apply_insert(open_refresh_target(target_.oid), staging);
    staging.drop();
  }

  const std::vector<bool>& has_nulls() const noexcept { return has_nulls_; }

 private:
  bool has_row_rules(const std::vector<AttrNumber>& attributes) const {
    RowRules rules(target_.oid, attributes);
    const bool any = rules.any();
    rules.finish();
    return any;
  }

  static bool has_indexes(Oid table) {
    return pg::guard([&] {
      const Relation relation = table_open(table, NoLock);
      const bool found = RelationGetIndexList(relation) != NIL;
      table_close(relation, NoLock);
      return found;
    });
  }

  /// The batch's memory is given back, and the remote let go, before indexes are built.
  void stream(Oid relation, const std::vector<AttrNumber>& attributes, RowRules* rules, ImportResult& result) {
    Stream stream(*source_, plan_, spec_.invalid_values, limits_, wait_, progress_);
    const bool appends = spec_.sync && spec_.sync->mode == core::SyncMode::append;
    const bool ordered =
        appends &&
        read_by_cursor(*source_, plan_.columns[cursor_column(spec_, plan_)], std::nullopt);
    stream.open();
    BulkInsert insert(relation, attributes, rules);
    stream.run(insert, result);
    insert.finish();
    has_nulls_ = insert.has_nulls();
    if (appends) check_truncation(result, ordered);
    source_.reset();
  }

  const RefreshTarget& target_;
  const LoadPlan& plan_;
  pg::Tied<core::Source>& source_;
  const core::ConnectorSpec& spec_;
  const ImportLimits& limits_;
  core::Wait& wait_;
  Progress& progress_;
  std::vector<bool> has_nulls_;
};

/// New contents for an existing table: a refresh of it.
ImportResult overwrite(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                       const NameChoice& target, const ImportLimits& limits, core::Wait& wait, Progress& progress) {
  check_overwritable(target.existing, target.name);
  lock_for_refresh(target.existing, wait);
  // The table was chosen by its name, before it was locked.
  if (pg::guard([&] { return get_relname_relid(target.name.c_str(), schema.oid); }) != target.existing) {
    throw core::Error(
        core::ErrorNumber::cannot_load,
        "table \"" + pg::utf8_text(std::string_view(target.name)) + "\" was renamed or replaced by another session", {},
        "Try again.");
  }
  const RefreshRequest request{spec, target.existing, limits, std::nullopt, std::nullopt, true};
  ImportResult result = run_refresh(connection, request, wait, progress).load;
  result.table = target.existing;
  return result;
}

}  // namespace

ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, const ImportLimits& limits, core::Wait& wait, Progress& progress) {
  if (target.outcome == NameChoice::Outcome::overwrite) {
    return overwrite(connection, spec, schema, target, limits, wait, progress);
  }
  progress.phase(RunPhase::describing);
  pg::Tied<core::Source> source(TopTransactionContext);
  source.set(connection.describe(source_request(spec)));
  const core::SourceDescription& description = source->description();
  LoadPlan plan = make_plan(spec, description, limits.max_columns);
  if (spec.sync) sync_key(spec.sync->key, plan);  // later runs would stumble over it
  report_plan(spec, pg::utf8_text(std::string_view(target.name)), plan);

  ImportResult result;
  result.max_rows = limits.max_rows;
  result.skipped = plan.skipped;
  // Of the source, before event triggers have their say: a type that they choose is like one that the user altered.
  result.layout = layout_of(plan, spec.default_columns);
  result.table = create_table(schema, target.name, plan);
  const RefreshTarget table = open_new_table(result.table, plan);

  const std::string comment = description.comment;
  Load load(table, plan, source, spec, limits, wait, progress);
  if (executor_reason(table).empty()) {
    load.fill_directly(result);
  } else {
    load.fill_through_executor(result);
  }
  progress.phase(RunPhase::indexing);
  finish_table(result.table, plan, load.has_nulls(), comment, spec.default_columns);
  report_result(result);
  return result;
}

}  // namespace connector::load
