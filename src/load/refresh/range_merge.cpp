#include "load/refresh/range_merge.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "load/ranges/local_sums.hpp"
#include "load/table/layout.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/snapmgr.h"
}

namespace connector::load {

namespace {

using Clock = std::chrono::steady_clock;

/// Ranges that one statement reads: databases plan many alternatives slowly.
constexpr std::size_t most_blocks_of_a_scan = 30;

/// Bytes of a bound.
constexpr std::size_t longest_bound = 200;

/// What a row costs is measured where so many rows were read, or this part of them: of fewer the way to the remote and
/// back is most of it.
constexpr std::uint64_t rows_that_measure = 10'000;
constexpr std::uint64_t part_that_measures = 10;

/// Ranges are left only where that is sure to help: for a second or more, and a fifth of the time.
constexpr double least_seconds = 1;
constexpr double least_part = 0.8;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string shown_seconds(double seconds) {
  const long tenths = std::lround(seconds * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::vector<std::uint64_t> rows_of(const std::vector<core::RangeSum>& sums) {
  std::vector<std::uint64_t> rows;
  for (const core::RangeSum& sum : sums) rows.push_back(sum.rows);
  return rows;
}

std::uint64_t total(const std::vector<std::uint64_t>& rows) {
  std::uint64_t sum = 0;
  for (const std::uint64_t part : rows) sum += part;
  return sum;
}

/// What the statistics say of how many values the columns of the table have, by name; those not listed are not known.
/// More than 0: so many values; less: minus the part of the rows.
pg::SqlRows distinct_values(Oid relation) {
  return pg::catalog_query(
      "SELECT s.attname, CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(c.reltuples, 1) ELSE s.n_distinct "
      "END FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname JOIN pg_class c ON c.relnamespace = n.oid "
      "AND c.relname = s.tablename WHERE c.oid = $1 ORDER BY s.inherited",
      {{OIDOID, std::to_string(relation)}});
}

}  // namespace

RangeMerge::RangeMerge(const Run& run, const RefreshTarget& target, const LoadPlan& plan,
                       const std::vector<std::size_t>& key, core::Source& source, std::vector<std::string> columns,
                       const ComparedBefore& before)
    : run_(run),
      target_(target),
      plan_(plan),
      key_columns_(key),
      source_(source),
      columns_(std::move(columns)),
      before_(before) {
  request_.columns = plan.remote_columns();
}

void RangeMerge::choose(const std::string& hindrance) {
  if (before_.state) state_ = parse_range_state(*before_.state);
  const std::string why = hindrance.empty() ? choose_key() : hindrance;
  if (!why.empty()) {
    reason_ = "rows were compared, not ranges: " + why;
    state_.reset();
    return;
  }
  if (state_ && rows_are_cheaper()) return;
  try {
    source_.hold_state();
    state_ ? compare() : begin_anew();
  } catch (const core::Error& error) {
    // A server that refuses the statement, a hash that its configuration forbids: rows can be compared all the same.
    if (error.number() != core::ErrorNumber::cannot_read || !run_.connection.usable()) throw;
    reason_ = "rows were compared, not ranges: " + error.message();
    state_.reset();
    differs_.clear();
    compared_.reset();
    reads_all_ = true;
  }
}

/// Of the key's columns that can be, the one that what is remembered is about, else the one with the most values; then
/// nothing is remembered. Gives why checksums of ranges can't be relied on, if there is no such column.
std::string RangeMerge::choose_key() {
  const pg::SqlRows distinct = distinct_values(target_.oid);
  double most = -1;
  const PlannedColumn* best = nullptr;
  std::string why = "no column of the key has a type that is ordered alike on both sides";
  for (const std::size_t index : key_columns_) {
    const PlannedColumn& column = plan_.columns[index];
    if (!RangeKey::can_be(column, target_)) continue;
    request_.key = column.remote;
    if (std::string problem = source_.why_no_sums(request_); !problem.empty()) {
      why = std::move(problem);
      continue;
    }
    double values = 0;
    for (const auto& row : distinct) {
      if (row[0] == pg::exact_server_text(column.name)) values = std::stod(row[1].value_or("0"));
    }
    key_.emplace(column);
    if (state_ && state_->mark == mark()) return {};
    if (values <= most) continue;
    most = values;
    best = &column;
  }
  state_.reset();
  if (best == nullptr) return why;
  request_.key = best->remote;
  key_.emplace(*best);
  return {};
}

/// Everything on which the meaning of the sums depends, but the rows.
std::string RangeMerge::mark() const {
  std::string all = before_.request;
  all += '\n' + layout_text(plan_, &target_) + '\n' + source_.sum_form(request_) + '\n' + key_->name();
  for (const std::string& column : columns_) all += '\n' + column;
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT concat_ws('/', c.oid, c.relfilenode, c.relowner, encode(sha256(convert_to($2, getdatabaseencoding())), "
      "'hex')) "
      "FROM pg_class c WHERE c.oid = $1",
      {{OIDOID, std::to_string(target_.oid)}, {TEXTOID, pg::server_text(all)}});
  return rows.at(0).at(0).value();
}

bool RangeMerge::remote_can_compare_with(const std::string& bound) {
  return source_.support(core::Expression::comparison(request_.key, core::Operator::less, bound)) ==
         core::Support::exact;
}

std::vector<std::string> RangeMerge::keys_for_bounds(const std::string& scope, std::uint64_t rows) {
  const std::uint64_t step = rows_of_a_range(rows, static_cast<std::uint64_t>(run_.limits.range_rows));
  std::vector<std::string> keys = keys_at_distance(target_, *key_, scope, step);
  // Each of them stands in every statement.
  std::erase_if(keys, [this](const std::string& bound) {
    return bound.size() > longest_bound || !remote_can_compare_with(bound);
  });
  return keys;
}

/// There is nothing to compare with: all rows are read, and the sums are for the next run.
void RangeMerge::begin_anew() {
  reason_ = "rows were compared: checksums of this table by this request are known from now on";
  const std::uint64_t rows =
      std::stoull(pg::query("SELECT pg_catalog.count(*) FROM " + target_.sql_only()).at(0).at(0).value());
  RangeState state;
  state.mark = mark();
  state.ranges.emplace_back();
  for (std::string& bound : keys_for_bounds("", rows)) state.ranges.push_back({.lower = std::move(bound)});
  state.ranges.emplace_back();
  const auto started = Clock::now();
  const std::vector<core::RangeSum> remote = remote_sums(state.bounds());
  remote_rows_ = rows_of(remote);
  const std::uint64_t all = total(remote_rows_);
  if (all > 0) state.figures.remote_sum = seconds_since(started) / static_cast<double>(all);
  for (std::size_t i = 0; i < remote.size(); ++i) state.ranges[i].remote = remote[i];
  state_ = std::move(state);
  differs_.assign(state_->ranges.size() - 1, true);
  nulls_differ_ = true;
}

std::vector<core::RangeSum> RangeMerge::remote_sums(const std::vector<std::string>& bounds) {
  request_.bounds = bounds;
  run_.progress.phase(RunPhase::comparing);
  return source_.sum_ranges(request_);
}

std::vector<core::RangeSum> RangeMerge::local_sums(const std::vector<std::string>& bounds, const std::string& scope,
                                                   pg::Sees sees) {
  return sum_local_ranges(target_, *key_, columns_, bounds, scope, sees);
}

/// The rows as they were when the snapshot was taken, with what this transaction has done since.
std::vector<core::RangeSum> RangeMerge::local_sums_of_snapshot(const std::vector<std::string>& bounds,
                                                               const std::string& scope) {
  pg::guard([&] {
    PushCopiedSnapshot(snapshot_);
    UpdateActiveSnapshotCommandId();
  });
  std::vector<core::RangeSum> sums = local_sums(bounds, scope, pg::Sees::callers_snapshot);
  pg::guard([] { PopActiveSnapshot(); });
  return sums;
}

/// Whether earlier runs show that reading all rows takes less time than sums do. Says so then.
bool RangeMerge::rows_are_cheaper() {
  const RangeFigures& figures = state_->figures;
  if (!figures.remote_sum || !figures.local_sum || !figures.read || !figures.apply) return false;
  double rows = 0;
  for (const KnownRange& range : state_->ranges) rows += range.remote ? static_cast<double>(range.remote->rows) : 0;
  const double all = rows * (*figures.read + *figures.apply);
  const double sums = rows * (*figures.remote_sum + *figures.local_sum) + figures.share_read * all;
  if (sums - all < least_seconds || all > least_part * sums) return false;
  reason_ = "rows were compared: that takes about " + shown_seconds(all) + ", ranges " + shown_seconds(sums) +
            ", of which the remote's checksums " + shown_seconds(rows * *figures.remote_sum);
  // What is known of the ranges stays true: where both sides have the sums of that time again, they have the same rows.
  return true;
}

void RangeMerge::compare() {
  const std::vector<std::string> bounds = state_->bounds();
  auto started = Clock::now();
  const std::vector<core::RangeSum> remote = remote_sums(bounds);
  const double remote_seconds = seconds_since(started);
  started = Clock::now();
  const std::vector<core::RangeSum> local = local_sums(bounds, "", pg::Sees::present);
  const double local_seconds = seconds_since(started);
  remote_rows_ = rows_of(remote);
  const std::uint64_t remote_total = total(remote_rows_);
  const std::uint64_t local_total = total(rows_of(local));
  RangeFigures& figures = state_->figures;
  if (remote_total > 0) figures.remote_sum = remote_seconds / static_cast<double>(remote_total);
  if (local_total > 0) figures.local_sum = local_seconds / static_cast<double>(local_total);

  const std::size_t nulls = state_->ranges.size() - 1;
  std::uint64_t rows_to_read = 0;
  differs_.clear();
  for (std::size_t i = 0; i < state_->ranges.size(); ++i) {
    KnownRange& range = state_->ranges[i];
    const bool same = range.remote == remote[i] && range.local == local[i];
    range.remote = remote[i];
    if (i == nulls) {
      nulls_differ_ = !same;
    } else {
      differs_.push_back(!same);
      if (!same) rows_to_read += remote[i].rows;
    }
  }
  figures.share_read = remote_total > 0 ? static_cast<double>(rows_to_read) / static_cast<double>(remote_total) : 0;
  // A NULL in the key is an error of the merge, and a limit cuts rows off: both as if ranges were unknown.
  if (remote[nulls].rows > 0) {
    reason_ = "rows were compared: rows have NULL in the key";
    return;
  }
  const std::int64_t limit = run_.limits.max_rows;
  if (limit > 0 && remote_total > static_cast<std::uint64_t>(limit)) {
    reason_ = "rows were compared: the source has more than the limit allows";
    return;
  }
  reads_all_ = false;
  read_ = static_cast<std::uint64_t>(std::ranges::count(differs_, true)) + (nulls_differ_ ? 1 : 0);
  compared_ = state_->ranges.size();
  reason_ = "ranges were compared: the checksums took " + shown_seconds(remote_seconds) + " there and " +
            shown_seconds(local_seconds) + " here";
  if (figures.read && figures.apply) {
    const double all = static_cast<double>(remote_total) * (*figures.read + *figures.apply);
    reason_ += ", reading and comparing all rows takes about " + shown_seconds(all);
  }
}

std::vector<core::Scan> RangeMerge::parts() const {
  const std::vector<std::string> bounds = state_->bounds();
  std::vector<core::Scan> scans;
  std::vector<core::Expression> conditions;
  const auto add_scan = [&] {
    if (conditions.empty()) return;
    core::Scan scan;
    scan.where =
        conditions.size() == 1 ? std::move(conditions.front()) : core::Expression::any_of(std::move(conditions));
    scans.push_back(std::move(scan));
    conditions.clear();
  };
  for (const RangeBlock& block : blocks_of(differs_)) {
    std::optional<core::Expression> condition = key_->condition(bounds, block);
    if (!condition) return {core::Scan{}};
    conditions.push_back(std::move(*condition));
    if (conditions.size() == most_blocks_of_a_scan) add_scan();
  }
  add_scan();
  return scans;
}

std::string RangeMerge::scope() const {
  return key_->scope(state_->bounds(), blocks_of(differs_), nulls_differ_);
}

void RangeMerge::start_reading() {
  if (state_) snapshot_ = pg::guard([] { return RegisterSnapshot(GetTransactionSnapshot()); });
  started_ = Clock::now();
}

void RangeMerge::start_applying(std::uint64_t rows) {
  rows_read_ = rows;
  reading_seconds_ = seconds_since(started_);
  started_ = Clock::now();
}

void RangeMerge::finish(const Applied& applied, bool certain) {
  if (!state_) return;
  const double applying_seconds = seconds_since(started_);
  const std::uint64_t rows = reads_all_ ? rows_read_ : total(remote_rows_);
  RangeFigures& figures = state_->figures;
  if (rows_read_ > 0 && (rows_read_ >= rows_that_measure || rows_read_ >= rows / part_that_measures)) {
    figures.read = reading_seconds_ / static_cast<double>(rows_read_);
    figures.apply = applying_seconds / static_cast<double>(rows_read_);
  }
  if (differs_.empty()) {
    // Rows were compared: at most each that changed lies in a range of its own.
    const auto changed = static_cast<double>(applied.inserted + applied.updated + applied.deleted);
    figures.share_read = std::min(1.0, changed / static_cast<double>(state_->ranges.size()));
  } else {
    const std::uint64_t wanted =
        rows_of_a_range(total(remote_rows_), static_cast<std::uint64_t>(run_.limits.range_rows));
    split_large_ranges(wanted);
    keep_local_sums(certain && applied.complete);
    join_small_ranges(*state_, remote_rows_, wanted);
  }
  pg::guard([this] { UnregisterSnapshot(snapshot_); });
  snapshot_ = nullptr;
}

/// Of the ranges that were read. Nobody else is kept from writing meanwhile: where others did since before the
/// difference was looked for, nothing is known.
void RangeMerge::keep_local_sums(bool certain) {
  if (std::ranges::count(differs_, true) == 0 && !nulls_differ_) return;
  const std::vector<std::string> bounds = state_->bounds();
  const std::string where = std::ranges::count(differs_, false) == 0 ? "" : scope();
  const auto started = Clock::now();
  const std::vector<core::RangeSum> ours = local_sums_of_snapshot(bounds, where);
  const std::uint64_t rows = total(rows_of(ours));
  if (where.empty() && rows > 0) state_->figures.local_sum = seconds_since(started) / static_cast<double>(rows);
  const std::vector<core::RangeSum> now = local_sums(bounds, where, pg::Sees::present);
  for (std::size_t i = 0; i < state_->ranges.size(); ++i) {
    const bool was_read = i < differs_.size() ? differs_[i] : nulls_differ_;
    if (!was_read) continue;
    KnownRange& range = state_->ranges[i];
    range.local = ours[i];
    const bool is_known = certain && ours[i] == now[i] && range.remote && range.remote->rows == ours[i].rows;
    if (!is_known) range.remote = range.local = std::nullopt;
  }
}

/// What is known of ranges that were not read is known of the whole of each: the next run reads their parts.
void RangeMerge::split_large_ranges(std::uint64_t wanted) {
  const std::vector<std::string> bounds = state_->bounds();
  std::vector<RangeBlock> blocks;
  // The last one comes first, so that the numbers of those before it stay.
  for (const std::size_t i : ranges_to_split(remote_rows_, wanted)) {
    if (i >= differs_.size()) continue;
    const std::vector<std::string> keys = keys_for_bounds(key_->scope(bounds, {{i, 1}}, false), total(remote_rows_));
    if (keys.empty()) continue;
    std::vector<KnownRange> parts;
    for (const std::string& key : keys) parts.push_back({.lower = key});
    state_->ranges[i].remote = state_->ranges[i].local = std::nullopt;
    const auto behind = static_cast<std::ptrdiff_t>(i) + 1;
    state_->ranges.insert(state_->ranges.begin() + behind, parts.begin(), parts.end());
    const bool was_read = differs_[i];
    differs_.insert(differs_.begin() + behind, parts.size(), was_read);
    const std::uint64_t rows_of_part = remote_rows_[i] / (parts.size() + 1);
    remote_rows_[i] = rows_of_part;
    remote_rows_.insert(remote_rows_.begin() + behind, parts.size(), rows_of_part);
    for (RangeBlock& block : blocks) block.first += parts.size();
    if (was_read) blocks.push_back({i, parts.size() + 1});
  }
  if (!blocks.empty()) sum_parts(blocks);
}

/// Asks the remote for the sums of ranges that are new, of the same state of its data.
void RangeMerge::sum_parts(const std::vector<RangeBlock>& blocks) {
  const std::vector<std::string> bounds = state_->bounds();
  std::vector<core::Expression> conditions;
  for (const RangeBlock& block : blocks) {
    std::optional<core::Expression> condition = key_->condition(bounds, block);
    if (!condition) {
      conditions.clear();
      break;
    }
    conditions.push_back(std::move(*condition));
  }
  std::vector<core::RangeSum> sums;
  try {
    request_.where = conditions.empty() ? std::nullopt : std::optional(core::Expression::any_of(std::move(conditions)));
    sums = remote_sums(bounds);
  } catch (const core::Error& error) {
    if (error.number() == core::ErrorNumber::timed_out) throw;
    // The remote may have given up a connection that waited for long. All is read and applied: without these sums the
    // next run reads the ranges once more.
    return;
  }
  for (const RangeBlock& block : blocks) {
    for (std::size_t i = block.first; i < block.first + block.count; ++i) {
      state_->ranges[i].remote = sums[i];
      remote_rows_[i] = sums[i].rows;
    }
  }
}

std::optional<std::string> RangeMerge::state() const {
  if (!state_) return std::nullopt;
  return range_state_text(*state_);
}

}  // namespace connector::load
