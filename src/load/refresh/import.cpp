#include "load/refresh/import.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "load/merge/apply.hpp"
#include "load/merge/key_check.hpp"
#include "load/write/bulk_insert.hpp"
#include "load/read/batch_reader.hpp"
#include "load/refresh/cursor.hpp"
#include "load/refresh/last_value.hpp"
#include "load/refresh/null_checks.hpp"
#include "load/refresh/row_stream.hpp"
#include "load/table/default_columns.hpp"
#include "load/table/distribution.hpp"
#include "load/table/planned_distribution.hpp"
#include "load/table/foreign_batches.hpp"
#include "load/table/immediate_constraints.hpp"
#include "load/table/kept_parts.hpp"
#include "load/table/layout.hpp"
#include "load/table/new_distribution.hpp"
#include "load/refresh/refresh.hpp"
#include "load/refresh/refresh_mode.hpp"
#include "load/table/table_locks.hpp"
#include "load/table/target.hpp"
#include "load/write/row_rules.hpp"
#include "load/table/sync_column.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/notice.hpp"
#include "pg/setting.hpp"
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

/// Before it is locked: the lock is not for everybody.
void check_overwritable(Oid relation, const std::string& name) {
  const char kind = pg::guard([&] { return get_rel_relkind(relation); });
  if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE) {
    throw core::Error(core::ErrorNumber::incompatible_schemas,
                      "\"" + pg::utf8_text(name) + "\" can't be overwritten: it is not a table", {},
                      "Choose another \"collision_strategy\", or another name with \"import_as\".");
  }
  pg::guard([&] {
    if (!connector_owns_relation(relation, GetUserId())) {
      aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(relation));
    }
  });
}

/// The rows of one import on their way into its new table, as event triggers have left it.
class Load {
 public:
  Load(Oid table, LoadPlan plan, const pg::ActAs& role, core::Source& source, const Run& run)
      : plan_(std::move(plan)),
        target_(open_new_table(table, plan_)),
        distribution_(distribution_column()),
        role_(role),
        source_(source),
        run_(run) {}

  void fill(LoadResult& result) {
    const RefreshTarget created = target_;
    const bool relaxed = relax();
    if (executor_reason(target_).empty()) {
      fill_directly(result);
      restore_not_null(created, plan_, has_nulls_, relaxed, distribution_);
      // Whatever indexes it has had since it was created, they know nothing of the rows.
      if (has_indexes()) pg::execute("REINDEX TABLE " + table_name(target_.oid).sql());
      return;
    }
    result.single_row_servers = report_single_rows(target_);
    if (streams()) {
      stream(result);
      restore_not_null(created, plan_, has_nulls_, relaxed, distribution_);
    } else {
      fill_through_executor(result, [&] { restore_not_null(created, plan_, has_nulls_, relaxed, distribution_); });
    }
  }

  const LoadPlan& plan() const noexcept { return plan_; }
  const std::vector<bool>& has_nulls() const noexcept { return has_nulls_; }

 private:
  /// Where rows are checked one by one. An event trigger may follow that command, too: so the table is looked at again.
  bool relax() {
    if (executor_reason(target_).empty()) {
      RowRules rules(target_.oid, planned_attributes(target_.oid, plan_));
      const bool checks = rules.any_checks();
      rules.finish();
      if (!checks) return false;
    } else if (!streams() || !has_not_null() || pg::guard([&] { return get_rel_relispartition(target_.oid); })) {
      // The parent's NOT NULL would be in the way.
      return false;
    }
    relax_not_null(target_, plan_, distribution_);
    target_ = open_new_table(target_.oid, plan_);
    return true;
  }

  /// Into the table's own storage. From here on until the rows are in, the table is held open: nobody's code can alter
  /// its columns.
  void fill_directly(LoadResult& result) {
    const std::vector<AttrNumber> attributes = planned_attributes(target_.oid, plan_);
    RowRules rules(target_.oid, attributes);
    read_rows(target_.oid, attributes, rules.any() ? &rules : nullptr, result);
    rules.finish();
    result.inserted = result.rows;
  }

  /// Whether the remote has promised of any column that it is NOT NULL.
  bool has_not_null() const { return std::ranges::any_of(plan_.columns, &PlannedColumn::not_null); }

  bool streams() const { return can_stream(target_) && (cursor() == nullptr || LastValue::can_follow(*cursor())); }

  /// Through the executor, for a table with triggers and the like: by INSERT while the rows arrive.
  void stream(LoadResult& result) {
    const WantedRows rows = wanted_rows();
    std::optional<LastValue> last;
    if (cursor() != nullptr) last.emplace(plan_, cursor_column(run_.spec, plan_));
    RowStream stream(source_, plan_, run_, rows, result,
                     [&](core::RowBatch& batch, const std::vector<bool>& has_nulls) {
                       check_nulls(target_, plan_, has_nulls, {}, distribution_);
                       if (last) last->note(batch);
                     });
    // As in a refresh: names in the table's own code are the system's unless they have a schema.
    const Applied applied = pg::with_system_path([&] {
      return stream.into(target_,
                         [&](IncomingRows& incoming) { return stream_insert(target_.sql(), plan_, incoming); });
    });
    result.inserted = applied.inserted;
    has_nulls_ = stream.has_nulls();
    if (!last) return;
    check_truncation(result, *rows);
    result.position = position_mark(target_.oid, *cursor(), last->position());
  }

  std::optional<std::size_t> distribution_column() const {
    const std::optional<TableDistribution> distribution = distribution_of(target_.oid);
    return distribution ? planned_distribution(target_, *distribution, plan_) : std::nullopt;
  }

  /// The cursor of an append that begins here; null if none does.
  const PlannedColumn* cursor() const {
    const bool appends = run_.spec.sync && run_.spec.sync->mode == core::SyncMode::append;
    return appends ? &plan_.columns[cursor_column(run_.spec, plan_)] : nullptr;
  }

  WantedRows wanted_rows() const {
    return cursor() == nullptr ? std::nullopt : WantedRows(scan_by_cursor(source_, *cursor(), std::nullopt));
  }

  /// By way of a temporary table and INSERT, where rows can't be inserted while they arrive. `between` is called when
  /// the rows are in the first.
  template <typename Between>
  void fill_through_executor(LoadResult& result, Between&& between) {
    Staging staging = make_staging();
    read_rows(staging.oid(), staging.planned_attributes(), nullptr, result);
    between();
    target_ = open_new_table(target_.oid, plan_);
    // As in a refresh: names in the table's own code are the system's unless they have a schema.
    pg::with_system_path([&] {
      ImmediateConstraints constraints(target_);
      result.inserted = apply_insert(target_, staging, staging.sql()).inserted;
      constraints.put_back();
    });
    staging.drop();
  }

  /// The one statement that a restricted operation forbids; it runs nobody's code.
  Staging make_staging() const {
    const pg::ActAs::WithoutAddedFlags unrestricted(role_);
    return Staging(target_, plan_, {}, false);
  }

  bool has_indexes() const {
    return pg::guard([&] {
      const Relation relation = table_open(target_.oid, NoLock);
      const bool found = RelationGetIndexList(relation) != NIL;
      table_close(relation, NoLock);
      return found;
    });
  }

  /// When this returns, the batch's memory was given back, and the remote waits for nothing that is done with the rows.
  void read_rows(Oid relation, const std::vector<AttrNumber>& attributes, RowRules* rules, LoadResult& result) {
    const WantedRows rows = wanted_rows();
    BatchReader reader(source_, plan_, run_);
    reader.open_rows(rows);
    BulkInsert insert(relation, attributes, rules);
    reader.read(insert, result);
    insert.finish();
    has_nulls_ = insert.has_nulls();
    if (cursor() == nullptr) return;
    check_truncation(result, *rows);
    result.position = position_mark(relation, *cursor(), reached_position(relation, *cursor()));
  }

  LoadPlan plan_;
  RefreshTarget target_;
  std::optional<std::size_t> distribution_;  ///< the plan's column by which Citus distributes the table
  const pg::ActAs& role_;
  core::Source& source_;
  const Run& run_;
  std::vector<bool> has_nulls_;
};

/// What a merge will need: that the source has a key. Before the rows are read.
void check_key_at_source(const core::ConnectorSpec& spec, const LoadPlan& plan) {
  if (!spec.sync) return;
  sync_key(spec.sync->key, plan);
  if (spec.sync->mode == core::SyncMode::merge && spec.sync->key.empty() && plan.primary_key.empty()) {
    throw no_merge_key("the source");
  }
}

/// And that it tells the rows apart: the later runs would fail, again and again.
void check_first_key(const core::ConnectorSpec& spec, Oid table, const LoadPlan& plan,
                     const std::vector<bool>& has_nulls) {
  if (!spec.sync || spec.sync->mode != core::SyncMode::merge) return;
  const RefreshTarget target = open_refresh_target(table);
  const std::vector<std::size_t> key = refresh_key(target, *spec.sync, plan);
  if (key.empty()) throw no_merge_key(target.shown());
  const std::string name = target.sql_only();
  const KeyedRows rows{name, plan, key, true};
  refuse_null_keys(rows, has_nulls);
  if (!spec.sync->key.empty()) refuse_equal_keys(rows);  // else it is the primary key
}

void keep_parts(const Run& run, const LoadPlan& plan, const core::SourceDescription& source, LoadResult& result) {
  if (!run.provider.features.table_parts) {
    pg::notice("\"keep\" has no effect",
               "Provider " + std::string(run.provider.id) + " does not tell of indexes, defaults and foreign keys.");
    return;
  }
  result.left_out = add_kept_parts(result.table, plan, source);
  if (!run.spec.keep.foreign_keys) return;
  result.foreign_keys = plan_foreign_keys(plan, source, result.left_out);
  result.column_names = column_names(plan);
}

/// New contents for an existing table: a refresh of it.
LoadResult overwrite(const Run& run, const TargetSchema& schema, const NameChoice& target) {
  check_overwritable(target.existing, target.name);
  lock_for_refresh(target.existing, run.wait);
  // The table was chosen by its name, before it was locked.
  if (pg::guard([&] { return get_relname_relid(target.name.c_str(), schema.oid); }) != target.existing) {
    throw core::Error(core::ErrorNumber::cannot_load,
                      "table \"" + pg::utf8_text(target.name) + "\" was renamed or replaced by another session", {},
                      "Try again.");
  }
  report_kept_distribution(run.spec, target.existing);
  RefreshResult done = run_refresh(run, {.relation = target.existing, .overwrite = true});
  LoadResult result = std::move(done.load);
  result.table = target.existing;
  result.inserted = done.inserted;
  result.updated = done.updated;
  result.deleted = done.deleted;
  return result;
}

}  // namespace

LoadResult run_import(const Run& run, const TargetSchema& schema, const NameChoice& target) {
  if (target.outcome == NameChoice::Outcome::overwrite) return overwrite(run, schema, target);
  const core::ConnectorSpec& spec = run.spec;
  // Types that the request names may have functions of anybody's.
  const pg::ActAs restricted(GetUserId(), pg::flags_for_code_of(GetUserId(), run.caller));
  run.progress.phase(RunPhase::describing);
  pg::Tied<core::Source> source(TopTransactionContext);
  source.set(describe_source(run.spec, run.connection));
  const core::SourceDescription& description = source->description();
  LoadPlan plan = make_plan(spec, description, run.limits.max_columns);
  check_key_at_source(spec, plan);
  report_plan(spec, pg::utf8_text(target.name), plan);
  report_missing_postgis(plan, description, spec.default_columns);
  if (spec.default_columns) rename_for_new_table(plan);
  const std::optional<NewDistribution> distribution = plan_distribution(spec, schema, plan);

  LoadResult result;
  result.max_rows = run.limits.max_rows;
  result.skipped = plan.skipped;
  // Of the source, before event triggers have their say: a type that they choose is like one that the user altered.
  result.layout = layout_text(plan, nullptr);
  result.table = create_table(schema, target.name, plan, spec.default_columns);
  const auto complete = [&] {
    if (distribution) distribute(result.table, *distribution, plan);
    const std::string comment = description.comment;
    Load load(result.table, plan, restricted, *source, run);
    load.fill(result);
    run.progress.phase(RunPhase::indexing);
    finish_table(result.table, load.plan(), load.has_nulls(), comment, spec.default_columns);
    check_first_key(spec, result.table, load.plan(), load.has_nulls());
    if (spec.keep.any()) keep_parts(run, load.plan(), description, result);
  };
  distribution || is_distributed_schema(schema.oid) ? with_equal_nodes(complete) : complete();
  report_result(result);
  return result;
}

}  // namespace connector::load
