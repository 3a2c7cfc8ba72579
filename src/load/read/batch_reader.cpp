#include "load/read/batch_reader.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "load/read/readers.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

constexpr std::size_t batch_rows = 1000;

std::vector<ColumnConverter> make_converters(const LoadPlan& plan, const std::vector<core::BatchColumn>& columns) {
  std::vector<ColumnConverter> converters;
  converters.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    converters.emplace_back(columns[i], plan.columns[i].natural, plan.columns[i].target);
  }
  return converters;
}

/// Adds counts to those of the scans before.
void add_counts(ColumnCounts& counts, const ColumnCounts& more) {
  for (const auto& [column, count] : more) {
    const auto known = std::ranges::find(counts, column, &ColumnCounts::value_type::first);
    if (known == counts.end()) {
      counts.emplace_back(column, count);
    } else {
      known->second += count;
    }
  }
}

void add_substitutions(std::vector<Substitutions>& all, const core::SubstitutionKind& kind, ColumnCounts columns) {
  if (columns.empty()) return;
  const auto known = std::ranges::find_if(all, [&](const Substitutions& other) { return other.kind.key == kind.key; });
  if (known == all.end()) {
    all.push_back({kind, std::move(columns)});
  } else {
    add_counts(known->columns, columns);
  }
}

ColumnCounts counts_by_name(const LoadPlan& plan, std::span<const std::uint64_t> counts) {
  ColumnCounts result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) result.emplace_back(plan.columns[i].name, counts[i]);
  }
  return result;
}

/// What a driver's batch for the plan looks like.
std::vector<core::BatchColumn> batch_columns(const LoadPlan& plan, const core::SourceDescription& source) {
  std::vector<core::BatchColumn> columns;
  for (const PlannedColumn& planned : plan.columns) {
    const core::RemoteColumn& remote = source.columns[planned.remote];
    columns.push_back(
        {remote.name, remote.type, remote.form, remote.encoding, plan.provider, pg::utf8_text(planned.target.shown)});
  }
  return columns;
}

}  // namespace

BatchMemory::BatchMemory() {
  context_ =
      pg::guard([] { return AllocSetContextCreate(CurrentMemoryContext, "connector batch", ALLOCSET_DEFAULT_SIZES); });
}

void BatchMemory::reset() {
  pg::guard([this] { MemoryContextReset(context_); });
}

BatchReader::BatchReader(core::Source& source, const LoadPlan& plan, const Run& run)
    : source_(source),
      cursor_(TopTransactionContext),
      plan_(plan),
      run_(run),
      columns_(batch_columns(plan, source.description())),
      batch_(columns_, run.spec.invalid_values, batch_rows, run.limits.batch_bytes),
      converters_(make_converters(plan, columns_)) {}

BatchReader::~BatchReader() {
  if (parallel_ != nullptr) run_.readers.close();
}

/// By the run's limit. True: rows behind it are to be asked for, too.
bool BatchReader::limit_rows() {
  if (run_.limits.max_rows <= 0 || run_.limits.max_rows == std::numeric_limits<std::int64_t>::max()) return false;
  max_rows_ = static_cast<std::uint64_t>(run_.limits.max_rows);
  return looks_further_ = true;
}

void BatchReader::begin_loading() {
  const std::optional<std::int64_t> estimate = source_.description().estimated_rows;
  if (estimate && *estimate >= 0) run_.progress.expect(std::min<std::uint64_t>(*estimate, max_rows_));
  run_.progress.phase(RunPhase::loading);
}

void BatchReader::open(core::Scan scan, RowOrder order) {
  scan.columns = plan_.remote_columns();
  if (scan.limit) {
    max_rows_ = static_cast<std::uint64_t>(*scan.limit);
  } else if (limit_rows()) {
    scan.limit = run_.limits.max_rows + 1;
  }
  if (!scan.limit && order == RowOrder::for_limit) scan.order_by.clear();  // all rows are wanted
  begin_loading();
  cursor_.set(source_.open(scan));
}

void BatchReader::open_rows(const WantedRows& rows) {
  if (rows) return open(*rows);
  if (!run_.readers.prepare(source_, run_)) return open();
  core::PartedScan scan{.scan = {.columns = plan_.remote_columns()},
                        .substitution_kinds = run_.provider.substitutions.size()};
  if (limit_rows()) scan.max_rows = max_rows_;
  begin_loading();
  parallel_ = &run_.readers.open(std::move(scan), {.columns = columns_,
                                                   .invalid_values = run_.spec.invalid_values,
                                                   .max_rows = batch_rows,
                                                   .max_bytes = run_.limits.batch_bytes});
}

bool BatchReader::read(Sink& sink, LoadResult& result) {
  while (!sink.is_full()) {
    core::RowBatch* batch = next(result);
    if (batch == nullptr) break;
    memory_.use([&] { sink.write(*batch, batch->rows()); });
  }
  return finish(result);
}

/// Null if there are no more rows.
core::RowBatch* BatchReader::fetch(std::uint64_t wanted, bool has_rows) {
  if (parallel_ != nullptr) {
    core::RowBatch* batch = parallel_->next();
    has_more_ = batch != nullptr;
    return batch;
  }
  batch_.want_rows(static_cast<std::size_t>(std::min<std::uint64_t>(wanted, batch_rows)));
  // Before the first row the remote may be computing.
  const core::LimitedSilence reading(run_.wait, [&] { return has_rows || batch_.rows() > 0; });
  has_more_ = cursor_->fetch(batch_);
  return &batch_;
}

core::RowBatch* BatchReader::next(LoadResult& result) {
  batch_.clear();
  memory_.reset();
  if (!has_more_ || result.rows >= max_rows_) return nullptr;
  run_.wait.check();
  core::RowBatch* batch = fetch(max_rows_ - result.rows, result.rows > 0);
  if (batch == nullptr) return nullptr;
  memory_.use([&] { convert(*batch); });
  result.rows += batch->rows();
  result.bytes += batch->bytes();
  run_.progress.add(batch->rows(), batch->bytes());
  return batch;
}

std::vector<std::uint64_t> BatchReader::invalid_counts() const {
  if (parallel_ != nullptr) return parallel_->invalid_counts();
  return {batch_.invalid_counts().begin(), batch_.invalid_counts().end()};
}

std::vector<std::uint64_t> BatchReader::substitutions(std::size_t kind) const {
  if (parallel_ != nullptr) return parallel_->substitutions(kind);
  const std::span<const std::uint64_t> counts = cursor_->substitutions(kind);
  return {counts.begin(), counts.end()};
}

bool BatchReader::finish(LoadResult& result) {
  batch_.clear();
  memory_.reset();
  add_counts(result.invalid_values, counts_by_name(plan_, invalid_counts()));
  for (std::size_t kind = 0; kind < run_.provider.substitutions.size(); ++kind) {
    add_substitutions(result.substitutions, run_.provider.substitutions[kind],
                      counts_by_name(plan_, substitutions(kind)));
  }
  if (has_more_ && looks_further_) result.truncated = has_more_ = has_another_row();
  core::add_warnings(result.remote_warnings, parallel_ != nullptr ? parallel_->warnings() : cursor_->warnings());
  if (parallel_ != nullptr) result.readers = run_.readers.count();
  result.fewer_readers = run_.readers.why_fewer();
  return has_more_;
}

void BatchReader::convert(core::RowBatch& batch) {
  const auto all = [&] {
    for (std::size_t column = 0; column < converters_.size(); ++column) {
      converters_[column].convert(batch, column, batch.rows());
    }
  };
  const bool formatted = std::ranges::any_of(converters_, &ColumnConverter::depends_on_settings);
  formatted ? pg::with_fixed_formats(all) : all();
}

/// Whether the source goes on behind the rows that were taken. A row whose values can't be stored counts as one.
bool BatchReader::has_another_row() {
  if (parallel_ != nullptr) return parallel_->has_another_row();
  batch_.want_rows(1);
  try {
    cursor_->fetch(batch_);
    return batch_.rows() > 0;
  } catch (const core::Error& error) {
    if (core::is_about_a_value(error)) return true;
    throw;
  }
}

}  // namespace connector::load
