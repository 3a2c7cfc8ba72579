#include "load/refresh/refresh.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/error.hpp"
#include "load/merge/apply.hpp"
#include "load/merge/difference.hpp"
#include "load/merge/key_check.hpp"
#include "load/merge/node_merge.hpp"
#include "load/merge/node_staging.hpp"
#include "load/merge/one_pass.hpp"
#include "load/merge/row_sql.hpp"
#include "load/read/batch_reader.hpp"
#include "load/read/readers.hpp"
#include "load/write/bulk_insert.hpp"
#include "load/refresh/cursor.hpp"
#include "load/refresh/distributed_refresh.hpp"
#include "load/refresh/range_merge.hpp"
#include "load/table/default_columns.hpp"
#include "load/table/distribution.hpp"
#include "load/table/planned_distribution.hpp"
#include "load/table/foreign_batches.hpp"
#include "load/swap/exchange.hpp"
#include "load/swap/kept_ids.hpp"
#include "load/table/held_table.hpp"
#include "load/swap/hidden_heap.hpp"
#include "load/table/immediate_constraints.hpp"
#include "load/refresh/kept_values.hpp"
#include "load/refresh/last_value.hpp"
#include "load/refresh/null_checks.hpp"
#include "load/refresh/ordered_read.hpp"
#include "load/refresh/row_stream.hpp"
#include "load/table/target.hpp"
#include "load/table/table_locks.hpp"
#include "load/swap/storage_log.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"
#include "load/refresh/column_changes.hpp"

extern "C" {
#include "catalog/pg_namespace.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

std::vector<AttrNumber> retyped_attributes(const RefreshTarget& target, const LoadPlan& plan,
                                           const ColumnChanges& changes) {
  std::vector<AttrNumber> numbers;
  for (const std::size_t i : changes.retyped) {
    numbers.push_back(target.find(pg::exact_server_text(plan.columns[i].name))->number);
  }
  return numbers;
}

/// What is compared to tell that nothing has changed; nothing if the remote can't tell.
std::optional<std::string> checksum(core::Source& source, const LoadLimits& limits) {
  std::optional<std::string> mark = source.change_mark();
  if (mark) *mark += "/max_rows=" + std::to_string(limits.max_rows);
  return mark;
}

/// One refresh. Names and operators are the system's meanwhile.
class Refresh {
 public:
  Refresh(const Run& run, const RefreshRequest& request, const RefreshTarget& target, const pg::ActAs& owner,
          LoadPlan plan, core::Source& source)
      : run_(run),
        request_(request),
        target_(target),
        owner_(owner),
        plan_(std::move(plan)),
        source_(source),
        distribution_(distribution_of(target.oid)) {}

  RefreshResult run() {
    const core::SyncOptions options =
        request_.overwrite ? core::SyncOptions() : run_.spec.sync.value_or(core::SyncOptions());
    std::optional<Layout> layout =
        request_.layout ? std::optional<Layout>(parse_layout(*request_.layout)) : std::nullopt;
    fit_columns(options, layout);
    if (options.skip_unchanged && is_unchanged()) {
      result_.mode = RefreshMode::unchanged;
      return std::move(result_);
    }
    std::vector<std::size_t> key = refresh_key(target_, options, plan_);
    if (options.key.empty() && !changes_.lost_key.empty()) key.clear();
    ModeChoice choice = choose_mode(target_, options, changes_, !key.empty());
    result_.mode = choice.mode;
    result_.reason = std::move(choice.reason);
    if (distribution_) check_distributed_refresh(target_, *distribution_, plan_, changes_, choice.mode, key);
    if (result_.mode != RefreshMode::swap) result_.load.single_row_servers = report_single_rows(target_);
    const bool elsewhere = distribution_ && distribution_->kind != TableDistribution::Kind::local;
    elsewhere ? with_equal_nodes([&] { go(key); }) : go(key);
    return std::move(result_);
  }

 private:
  /// How the table's columns are to be made to fit the source's.
  void fit_columns(const core::SyncOptions& options, std::optional<Layout>& layout) {
    if (layout && run_.spec.column_names == core::ColumnNames::normalize) use_former_names(plan_, *layout);
    if (run_.spec.default_columns) rename_for_refresh(plan_, target_, layout);
    result_.load.max_rows = run_.limits.max_rows;
    result_.load.skipped = plan_.skipped;
    result_.load.layout = layout_text(plan_, &target_);
    changes_ = request_.overwrite
                   ? compare_to_overwrite(target_, plan_, run_.spec.default_columns)
                   : compare_columns(target_, plan_, layout, options.on_schema_change, !run_.spec.sql_query);
    if (distribution_) keep_distribution_column();
    result_.schema_changes = told_changes(target_, plan_, changes_);
    if (request_.overwrite) report_plan(run_.spec, pg::utf8_text(target_.name), plan_);
  }

  /// Citus lets nothing be altered about it; and it has no NULLs, whatever the source allows.
  void keep_distribution_column() {
    const TargetColumn* column = target_.find(distribution_->column);
    if (column != nullptr) std::erase(changes_.nullable, column->number);
  }

  bool is_unchanged() {
    result_.checksum = checksum(source_, run_.limits);
    return result_.checksum && result_.checksum == request_.checksum && request_.layout == result_.load.layout;
  }

  void go(const std::vector<std::size_t>& key) {
    switch (result_.mode) {
      case RefreshMode::swap:
        return swap(key);
      case RefreshMode::delete_and_insert:
        return delete_and_insert();
      case RefreshMode::merge:
        return merge(key);
      case RefreshMode::append:
        return append(key);
      case RefreshMode::unchanged:
        return;
    }
  }

  // NOLINTNEXTLINE(bugprone-exception-escape): the mode of that name, not an exchange of two values
  void swap(const std::vector<std::size_t>& key) {
    drop_lost_storage();
    HeldTable held(target_.oid);
    const std::string actions = alter_actions(target_, plan_, changes_);
    HiddenHeap heap(target_, actions);
    const std::vector<AttrNumber> attributes = planned_attributes(heap.oid(), plan_);
    std::optional<KeptIds> ids = kept_ids(attributes, key);
    RowRules rules(target_.oid, attributes, changes_.dropped, ids ? &*ids : nullptr);
    read_rows(all_rows(), heap.oid(), attributes, rules.any() ? &rules : nullptr);
    rules.finish();
    if (ids) ids->finish();
    if (run_.spec.default_columns) {
      fill_default_geometry(heap.sql(), plan_);
      heap.log_storage();  // the fill writes the heap anew
    }
    held.check_unchanged();
    run_.progress.phase(RunPhase::indexing);
    heap.build_indexes(retyped_attributes(target_, plan_, changes_), changes_.lost_key_index);
    run_.progress.phase(RunPhase::analyzing);
    heap.analyze(changes_.retyped.empty());
    heap.flush();
    forget_new_storage();
    report_result(result_.load);  // not under the strong lock: a client may be slow to take it
    const auto locked = exchange_storage(target_, held, heap, with_constraints(actions),
                                         changes_.retyped.empty() ? BeforeAlter::nothing : BeforeAlter::truncate,
                                         result_.load.rows, run_.wait, run_.progress);
    result_.inserted = result_.load.rows;
    result_.lock_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - locked).count();
  }

  /// What gives rows the default columns' numbers that they had; nothing if there is none, or the key is not what it
  /// was.
  std::optional<KeptIds> kept_ids(const std::vector<AttrNumber>& attributes,
                                  const std::vector<std::size_t>& key) const {
    if (!run_.spec.default_columns) return std::nullopt;
    std::vector<AttrNumber> numbers;
    for (const std::size_t i : key) {
      const auto is_it = [i](std::size_t other) { return other == i; };
      if (std::ranges::any_of(changes_.retyped, is_it) || std::ranges::any_of(changes_.added, is_it))
        return std::nullopt;
      numbers.push_back(attributes[i]);
    }
    const auto parts = KeptIds::find(target_, numbers);
    if (!parts) return std::nullopt;
    return std::optional<KeptIds>(std::in_place, target_, *parts);
  }

  void delete_and_insert() {
    check_delete_and_insert(target_);
    check_published(target_);
    if (distribution_ && (changes_.any() || has_constraints(target_))) {
      // What a constraint refuses in the middle of Citus' own COPY comes without an SQLSTATE.
      NodeStaging rows = make_node_staging();
      fill(rows, all_rows());
      return delete_and_insert_staged(rows);
    }
    if (streams(begins_append())) return stream_all();
    Staging staging = make_staging({});
    fill(staging, all_rows());
    delete_and_insert_staged(staging);
  }

  template <typename Rows>
  void delete_and_insert_staged(Rows& rows) {
    apply(rows, [&] {
      if (!changes_.any()) return apply_delete_and_insert(target_, rows, rows.sql(), nullptr);
      return pg::with_fixed_formats([&] {
        check_kept_values(target_, plan_, changes_, OwnRows::deleted);
        return apply_delete_and_insert(target_, rows, rows.sql(), [&] { alter_emptied(target_, plan_, changes_); });
      });
    });
  }

  void stream_all() {
    const WantedRows rows = all_rows();
    std::optional<LastValue> last;
    if (begins_append()) last.emplace(plan_, cursor_column(run_.spec, plan_));
    stream(rows, last, [&](IncomingRows& incoming) { return stream_delete_and_insert(target_, plan_, incoming); });
    if (last) {
      check_truncation(result_.load, *rows);
      result_.load.position = position_mark(target_.oid, append_cursor(), last->position());
    }
    report_result(result_.load);
  }

  void merge(const std::vector<std::size_t>& key) {
    if (key.empty()) throw no_merge_key(target_.shown());
    check_published(target_);
    const bool by_ranges = run_.spec.sync && run_.spec.sync->compare == core::Compare::ranges && result_.reason.empty();
    if (distribution_) {
      if (by_ranges) result_.reason = "the table is distributed";
      merge_on_nodes(key);
    } else if (by_ranges) {
      merge_by_ranges(key);
    } else {
      merge_all(key);
    }
  }

  Applied merge_all(const std::vector<std::size_t>& key, RangeMerge* ranges = nullptr) {
    // One pass needs the rows in the key's order, in which several connections don't bring them. Ranges are compared
    // of the state that the first connection reads.
    const bool by_several = ranges == nullptr && !begins_append() && run_.readers.prepare(source_, run_);
    if (!by_several) {
      if (const std::optional<Applied> applied = merge_in_one_pass(key, ranges)) return *applied;
    }
    Staging staging = make_staging(key);
    fill(staging, ranges == nullptr ? all_rows() : core::Scan{});
    if (ranges != nullptr) ranges->start_applying(result_.load.rows);
    return merge_staged(staging, key,
                        [&](MissingRows missing) { return apply_merge(target_, staging, plan_, key, missing); });
  }

  /// Of a table that Citus distributes.
  void merge_on_nodes(const std::vector<std::size_t>& key) {
    NodeStaging rows = make_node_staging();
    fill(rows, all_rows());
    merge_staged(rows, key, [&](MissingRows missing) {
      return load::merge_on_nodes(target_, *distribution_, rows, plan_, key, missing);
    });
  }

  /// All rows of the source are in a table, up to the limit.
  template <typename Rows, typename Merge>
  Applied merge_staged(Rows& rows, const std::vector<std::size_t>& key, Merge&& merge) {
    return apply(rows, [&] {
      check_key_values(rows.sql(), rows, plan_, key);
      // Rows that a limit left unread are still in the source, for all that is known: they stay.
      const bool cut = result_.load.truncated;
      alter_keeping_values(target_, plan_, changes_, cut ? OwnRows::kept : OwnRows::overwritten);
      const Applied applied = merge(cut ? MissingRows::kept : MissingRows::deleted);
      if (!changes_.retyped.empty() && !applied.complete) refuse_kept_rows(target_);
      return applied;
    });
  }

  /// Where the source has the rows in the order that they have here, they are compared as they come, and only those
  /// that differ are staged. Nothing if that can't be: nothing was done then.
  std::optional<Applied> merge_in_one_pass(const std::vector<std::size_t>& key, RangeMerge* ranges) {
    if (changes_.any() || begins_append()) return std::nullopt;
    const std::optional<std::vector<std::size_t>> order = cheap_order(source_, plan_, target_, key);
    if (!order) return std::nullopt;
    Staging staging = make_staging(*order);
    const std::optional<std::string> rows = Difference(target_, staging, plan_, *order).rows_in_key_order();
    const bool can_be = rows && !staging.has_geometry();
    if (!can_be || !with_much_memory([&] { return compare(staging, *order, *rows, key); })) {
      staging.drop();
      return std::nullopt;
    }
    if (ranges != nullptr) ranges->start_applying(result_.load.rows);
    return apply(staging, [&] { return apply_found(target_, staging, plan_, *order); });
  }

  /// Reads the rows in the order of these columns and compares them with the target's. False if the remote did not keep
  /// the order. `key` is how the columns are named to people.
  bool compare(Staging& staging, const std::vector<std::size_t>& order, const std::string& target_rows,
               const std::vector<std::size_t>& key) {
    const LoadResult before = result_.load;
    OnePass pass(staging, order, target_rows);
    BatchReader reader(source_, plan_, run_);
    reader.open(ordered_scan(plan_, order), RowOrder::wanted);
    reader.read(pass, result_.load);
    // Rows that a limit left unread are still in the source, for all that is known: they stay.
    const KeysMet keys = pass.finish(result_.load.truncated ? MissingRows::kept : MissingRows::deleted);
    if (keys == KeysMet::out_of_order) {
      result_.load = before;
      return false;
    }
    check_nulls(target_, plan_, pass.has_nulls(), changes_.nullable, std::nullopt);
    staging.set_nulls(pass.has_nulls());
    if (keys == KeysMet::null_key) check_key_values(staging.sql(), staging, plan_, key);
    if (keys == KeysMet::equal_keys) refuse_equal_keys({staging.sql(), plan_, key});
    return true;
  }

  /// Reads and merges only where the checksums of ranges differ, if both sides have them.
  void merge_by_ranges(const std::vector<std::size_t>& key) {
    RangeMerge ranges(run_, target_, plan_, key, source_, source_columns(), request_.compared);
    ranges.choose(changes_.any() ? "the source's columns have changed" : "");
    ranges.start_reading();
    const Applied applied = ranges.reads_all() ? merge_all(key, &ranges) : merge_parts(key, ranges);
    ranges.finish(applied, !result_.load.truncated);
    result_.reason = ranges.reason();
    result_.ranges = ranges.state();
    result_.ranges_compared = ranges.ranges_compared();
    result_.ranges_read = ranges.ranges_read();
  }

  Applied merge_parts(const std::vector<std::size_t>& key, RangeMerge& ranges) {
    if (ranges.ranges_read() == 0) {
      ranges.start_applying(0);
      return {};
    }
    Staging staging = make_staging(key);
    const std::vector<core::Scan> parts = ranges.parts();
    fill(staging, {parts.begin(), parts.end()});
    ranges.start_applying(result_.load.rows);
    return apply(staging, [&] {
      check_key_values(staging.sql(), staging, plan_, key);
      return apply_merge(target_, staging, plan_, key, MissingRows::deleted, ranges.scope());
    });
  }

  /// Quoted names of what the source's rows fill in the table.
  std::vector<std::string> source_columns() const {
    std::vector<std::string> names;
    for (const PlannedColumn& column : plan_.columns) names.push_back(quoted(column));
    if (!run_.spec.default_columns) return names;
    for (const std::string& name : geometry_columns()) {
      if (target_.find(name) != nullptr) names.push_back(pg::quote_name(name));
    }
    return names;
  }

  /// Rows that are here already by the `key`, if there is one, are updated.
  void append(const std::vector<std::size_t>& key) {
    const PlannedColumn& cursor = append_cursor();
    const TargetColumn* local = target_.find(pg::exact_server_text(cursor.name));
    const std::optional<std::string> position =
        local != nullptr ? start_position(target_, cursor, request_.position) : std::nullopt;
    const core::Scan scan = scan_by_cursor(source_, cursor, position);
    if (distribution_) {
      // Its rows are elsewhere, and can't be compared with rows that arrive.
      NodeStaging rows = make_node_staging();
      fill(rows, scan);
      return append_staged(rows, scan, position, key, [&] {
        return load::merge_on_nodes(target_, *distribution_, rows, plan_, key, MissingRows::kept);
      });
    }
    if (key.empty() && streams(true)) return stream_behind(scan, cursor, position);
    Staging staging = make_staging(key);
    fill(staging, scan);
    append_staged(staging, scan, position, key,
                  [&] { return apply_merge(target_, staging, plan_, key, MissingRows::kept); });
  }

  /// The rows of the scan are in a table. `merge` is called if there is a key.
  template <typename Rows, typename Merge>
  void append_staged(Rows& rows, const core::Scan& scan, const std::optional<std::string>& position,
                     const std::vector<std::size_t>& key, Merge&& merge) {
    const PlannedColumn& cursor = append_cursor();
    check_truncation(result_.load, scan);
    apply(rows, [&] {
      alter_keeping_values(target_, plan_, changes_, OwnRows::kept);
      const bool goes_on = goes_beyond(target_, rows.sql(), cursor, position);
      const std::optional<std::string> reached = goes_on ? reached_position(rows.oid(), cursor) : position;
      cut_before(target_, rows.sql(), plan_, cursor, changes_, position, key, distribution_);
      if (!key.empty()) check_key_values(rows.sql(), rows, plan_, key);
      const Applied applied = key.empty() ? apply_append(target_, rows, rows.sql()) : merge();
      end_append(reached, goes_on, applied);
      return applied;
    });
  }

  /// `position`: where the next run goes on, which lies behind where this one began if it `goes_on`.
  void end_append(const std::optional<std::string>& position, bool goes_on, const Applied& applied) {
    result_.load.position = position_mark(target_.oid, append_cursor(), position);
    if (!goes_on && applied.inserted == 0) check_progress(result_.load, append_cursor());
    if (result_.load.truncated && result_.checksum) result_.checksum = "";  // the next run goes on behind the limit
  }

  void stream_behind(const core::Scan& scan, const PlannedColumn& cursor, const std::optional<std::string>& position) {
    std::optional<LastValue> last(std::in_place, plan_, cursor_column(run_.spec, plan_));
    const RowsBehind behind = rows_behind(target_, plan_, cursor, position);
    const Applied applied = stream(scan, last, [&](IncomingRows& rows) {
      return stream_append(target_, plan_, rows, behind.condition, behind.parameters);
    });
    check_truncation(result_.load, scan);
    const std::optional<std::string> reached = last->position();
    const bool goes_on =
        position ? reached && lies_beyond(target_, cursor, *reached, *position) : result_.load.rows > 0;
    end_append(goes_on ? reached : position, goes_on, applied);
    report_result(result_.load);
  }

  /// Whether rows can be inserted while they arrive; `follows`: where the cursor's last value is to be known.
  bool streams(bool follows) const {
    if (changes_.any() || !can_stream(target_)) return false;
    if (follows && !LastValue::can_follow(append_cursor())) return false;
    // These are computed of rows that are all there.
    return !run_.spec.default_columns || target_.find(geometry_columns().front()) == nullptr;
  }

  template <typename Insert>
  Applied stream(const WantedRows& rows, std::optional<LastValue>& last, Insert&& insert) {
    const std::optional<std::size_t> distribution = distribution_column();
    RowStream stream(source_, plan_, run_, rows, result_.load,
                     [&](core::RowBatch& batch, const std::vector<bool>& has_nulls) {
                       check_nulls(target_, plan_, has_nulls, changes_.nullable, distribution);
                       if (last) last->note(batch);
                     });
    const Applied applied = with_much_memory([&] { return stream.into(target_, insert); });
    note_counts(applied);
    return applied;
  }

  /// Reads the rows into a table beside the target's, on the nodes.
  void fill(NodeStaging& rows, const WantedRows& wanted) {
    const std::optional<std::size_t> distribution = distribution_column();
    RowStream stream(source_, plan_, run_, wanted, result_.load,
                     [&](core::RowBatch& /*batch*/, const std::vector<bool>& has_nulls) {
                       check_nulls(target_, plan_, has_nulls, changes_.nullable, distribution);
                     });
    stream_insert(rows.sql(), plan_, stream.rows());
    rows.set_nulls(stream.has_nulls());
    if (rows.has_geometry()) fill_default_geometry(rows.sql(), plan_);
    if (!begins_append()) return;
    check_truncation(result_.load, *wanted);
    result_.load.position = position_mark(target_.oid, append_cursor(), reached_position(rows.oid(), append_cursor()));
  }

  /// The distribution column, if Citus has the table.
  std::optional<std::size_t> distribution_column() const {
    return distribution_ ? planned_distribution(target_, *distribution_, plan_) : std::nullopt;
  }

  NodeStaging make_node_staging() const {
    return NodeStaging(target_, *distribution_, plan_, run_.spec.default_columns);
  }

  void note_counts(const Applied& applied) {
    result_.inserted = applied.inserted;
    result_.updated = applied.updated;
    result_.deleted = applied.deleted;
  }

  /// Creating a temporary table is the one statement of a refresh that a restricted operation forbids. It runs no code
  /// of the owner's: a new table without rows, defaults and indexes.
  Staging make_staging(const std::vector<std::size_t>& key) const {
    const pg::ActAs::WithoutAddedFlags unrestricted(owner_);
    return Staging(target_, plan_, key, run_.spec.default_columns);
  }

  /// Whether later runs will go on from these rows.
  bool begins_append() const {
    return request_.overwrite && run_.spec.sync && run_.spec.sync->mode == core::SyncMode::append;
  }
  const PlannedColumn& append_cursor() const { return plan_.columns[cursor_column(run_.spec, plan_)]; }
  std::string with_constraints(const std::string& actions) const {
    // A key goes first: it would go with a column of its own.
    std::string all = constraint_actions(target_, changes_);
    if (!all.empty() && !actions.empty()) all += ", ";
    return all + actions;
  }

  void fill(Staging& staging, const WantedRows& rows) { fill(staging, std::vector{rows}); }

  void fill(Staging& staging, const std::vector<WantedRows>& all) {
    std::vector<bool> has_nulls(plan_.columns.size(), false);
    for (const WantedRows& rows : all) {
      const std::vector<bool> more = read_rows(rows, staging.oid(), staging.planned_attributes(), nullptr);
      for (std::size_t i = 0; i < more.size(); ++i) has_nulls[i] = has_nulls[i] || more[i];
    }
    staging.set_nulls(has_nulls);
    if (staging.has_geometry()) fill_default_geometry(staging.sql(), plan_);
  }

  /// As PostgreSQL's own checks of whole tables do: joins and sorts are over all rows.
  template <typename Function>
  static std::invoke_result_t<Function> with_much_memory(Function&& function) {
    const std::string memory = std::to_string(std::max(work_mem, maintenance_work_mem));
    return pg::with_settings({{"work_mem", memory}}, std::forward<Function>(function));
  }

  template <typename Rows, typename Apply>
  Applied apply(Rows& rows, Apply&& dml) {
    run_.progress.phase(RunPhase::applying);
    ImmediateConstraints constraints(target_);
    const Applied applied = with_much_memory(std::forward<Apply>(dml));
    constraints.put_back();
    note_counts(applied);
    if (!applied.complete && result_.checksum) result_.checksum = "";  // the next run is to compare again
    rows.drop();
    report_result(result_.load);
    return applied;
  }

  /// All rows, in any order; where later runs go on from these, in the cursor's, so that a limit cuts off the last
  /// ones.
  WantedRows all_rows() {
    return begins_append() ? WantedRows(scan_by_cursor(source_, append_cursor(), std::nullopt)) : std::nullopt;
  }

  /// Reads the rows into a table that is new in this transaction. Tells which of the plan's columns got a NULL. When it
  /// returns, the remote waits for nothing that is done with the rows.
  std::vector<bool> read_rows(const WantedRows& rows, Oid relation, const std::vector<AttrNumber>& attributes,
                              RowRules* rules) {
    BatchReader reader(source_, plan_, run_);
    reader.open_rows(rows);
    BulkInsert insert(relation, attributes, rules);
    reader.read(insert, result_.load);
    insert.finish();
    if (begins_append()) {
      check_truncation(result_.load, *rows);
      const PlannedColumn& cursor = append_cursor();
      result_.load.position = position_mark(relation, cursor, reached_position(relation, cursor));
    }
    check_nulls(target_, plan_, insert.has_nulls(), changes_.nullable, std::nullopt);
    return insert.has_nulls();
  }

  const Run& run_;
  const RefreshRequest& request_;
  const RefreshTarget& target_;
  const pg::ActAs& owner_;
  LoadPlan plan_;
  core::Source& source_;
  std::optional<TableDistribution> distribution_;
  ColumnChanges changes_;
  RefreshResult result_;
};

/// Else the rows would be read in vain.
void check_schema_usage(const RefreshTarget& target) {
  pg::guard([&] {
    const Oid schema = get_rel_namespace(target.oid);
    if (connector_aclcheck_namespace(schema, target.owner, ACL_USAGE) == ACLCHECK_OK) return;
    const char* shown = get_namespace_name(schema);
    const char* owner = GetUserNameFromId(target.owner, false);
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for schema %s", shown),
                    errdetail("Role \"%s\" owns the table, but may not use its schema.", owner),
                    errhint("Ask the schema's owner for GRANT USAGE ON SCHEMA %s TO %s.", quote_identifier(shown),
                            quote_identifier(owner))));
  });
}

}  // namespace

RefreshResult run_refresh(const Run& run, const RefreshRequest& request) {
  run.progress.phase(RunPhase::locking);
  lock_for_refresh(request.relation, run.wait);
  const RefreshTarget target = open_refresh_target(request.relation);
  // Before anything that may run code of the table's.
  const pg::ActAs owner(target.owner, pg::flags_for_code_of(target.owner, run.caller));
  check_schema_usage(target);
  run.progress.phase(RunPhase::describing);
  pg::Tied<core::Source> source(TopTransactionContext);
  source.set(describe_source(run.spec, run.connection));
  LoadPlan plan = make_plan(run.spec, source->description(), run.limits.max_columns);
  return pg::with_system_path([&] {
    Refresh refresh(run, request, target, owner, std::move(plan), *source);
    return refresh.run();
  });
}

RefreshMode choose_mode(Oid relation, const core::ConnectorSpec& spec, LoadPlan plan, std::string& reason) {
  pg::guard([&] { LockRelationOid(relation, AccessShareLock); });
  const RefreshTarget target = open_refresh_target(relation);
  std::optional<Layout> layout;
  if (spec.default_columns) rename_for_refresh(plan, target, layout);
  const core::SyncOptions options = spec.sync.value_or(core::SyncOptions());
  const std::vector<std::size_t> key = refresh_key(target, options, plan);
  ModeChoice choice = choose_mode(target, options, ColumnChanges{}, !key.empty());
  if (const std::optional<TableDistribution> distribution = distribution_of(relation)) {
    check_distributed_refresh(target, *distribution, plan, ColumnChanges{}, choice.mode, key);
  }
  reason = std::move(choice.reason);
  return choice.mode;
}

}  // namespace connector::load
