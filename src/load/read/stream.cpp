#include "load/read/stream.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "core/base/error.hpp"
#include "core/net/wait.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
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

ColumnCounts counts_by_name(const LoadPlan& plan, std::span<const std::uint64_t> counts) {
  ColumnCounts result;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) result.emplace_back(plan.columns[i].name, counts[i]);
  }
  return result;
}

void report_counts(const ColumnCounts& counts, const std::string& what, const std::string& became) {
  for (const auto& [column, count] : counts) {
    pg::warning(std::to_string(count) + " " + what + (count == 1 ? "" : "s") + " in column \"" + column + "\" became " +
                became);
  }
}

}  // namespace

std::vector<core::BatchColumn> batch_columns(const LoadPlan& plan, const core::SourceDescription& source) {
  std::vector<core::BatchColumn> columns;
  for (const PlannedColumn& planned : plan.columns) {
    const core::RemoteColumn& remote = source.columns[planned.remote];
    columns.push_back(
        {remote.name, remote.type, remote.form, remote.encoding, plan.provider, pg::utf8_text(planned.target.shown)});
  }
  return columns;
}

void report_result(const ImportResult& result) {
  if (result.truncated) {
    pg::warning("the import stopped at the limit of " + std::to_string(result.max_rows) +
                    (result.max_rows == 1 ? " row" : " rows"),
                "The source has more rows. The limit is that of connector.role_limits, else connector.max_rows, or "
                "\"max_rows\" of the request if that is lower.");
  }
  report_counts(result.invalid_values, "invalid value", "NULL");
  report_counts(result.zero_dates, "zero date", "NULL");
  report_counts(result.nested_text, "value", "text, as what the remote printed is no JSON");
  for (const core::RemoteWarning& warning : result.remote_warnings) {
    pg::warning("the remote server warned " +
                (warning.count == 1 ? std::string("once") : std::to_string(warning.count) + " times") + ": " +
                warning.message);
  }
}

BatchMemory::BatchMemory() {
  context_ =
      pg::guard([] { return AllocSetContextCreate(CurrentMemoryContext, "connector batch", ALLOCSET_DEFAULT_SIZES); });
}

void BatchMemory::reset() {
  pg::guard([this] { MemoryContextReset(context_); });
}

Stream::Stream(core::Source& source, const LoadPlan& plan, core::InvalidValues invalid_values,
               const ImportLimits& limits, core::Wait& wait, Progress& progress)
    : source_(source),
      plan_(plan),
      limits_(limits),
      wait_(wait),
      progress_(progress),
      columns_(batch_columns(plan, source.description())),
      batch_(columns_, invalid_values, batch_rows, limits.batch_bytes),
      converters_(make_converters(plan, columns_)) {}

void Stream::open() {
  const std::optional<std::int64_t> estimate = source_.description().estimated_rows;
  if (estimate && *estimate >= 0) progress_.expect(std::min<std::uint64_t>(*estimate, max_rows()));
  progress_.phase(RunPhase::loading);
  // One row beyond the limit tells whether there are more.
  source_.open(plan_.remote_columns(),
               limits_.max_rows > 0 && limits_.max_rows < std::numeric_limits<std::int64_t>::max()
                   ? std::optional<std::int64_t>(limits_.max_rows + 1)
                   : std::nullopt);
}

void Stream::run(BulkInsert& insert, ImportResult& result) {
  // Before the first row the remote may be computing.
  const core::LimitedSilence reading(wait_, [&] { return result.rows + batch_.rows() > 0; });
  bool more = true;
  while (more && result.rows < max_rows()) {
    wait_.check();
    batch_.want_rows(static_cast<std::size_t>(std::min<std::uint64_t>(max_rows() - result.rows, batch_rows)));
    more = source_.fetch(batch_);
    memory_.use([&] {
      convert();
      insert.write(batch_, batch_.rows());
    });
    result.rows += batch_.rows();
    result.bytes += batch_.bytes();
    progress_.add(batch_.rows(), batch_.bytes());
    batch_.clear();
  }
  result.invalid_values = counts_by_name(plan_, batch_.invalid_counts());
  result.zero_dates = counts_by_name(plan_, source_.zero_date_counts());
  result.nested_text = counts_by_name(plan_, source_.nested_text_counts());
  if (more) result.truncated = has_another_row();
  result.remote_warnings = source_.remote_warnings();
}

void Stream::convert() {
  const auto all = [this] {
    for (std::size_t column = 0; column < converters_.size(); ++column) {
      converters_[column].convert(batch_, column, batch_.rows());
    }
  };
  const bool formatted = std::ranges::any_of(converters_, &ColumnConverter::depends_on_settings);
  formatted ? pg::with_fixed_formats(all) : all();
}

std::uint64_t Stream::max_rows() const {
  return limits_.max_rows > 0 ? static_cast<std::uint64_t>(limits_.max_rows)
                              : std::numeric_limits<std::uint64_t>::max();
}

/// Whether the source goes on behind the limit. What is wrong with that row is nobody's business.
bool Stream::has_another_row() {
  batch_.want_rows(1);
  try {
    source_.fetch(batch_);
    return batch_.rows() > 0;
  } catch (const core::Error& error) {
    if (error.number() == core::ErrorNumber::cannot_load || error.number() == core::ErrorNumber::encoding) return true;
    throw;
  }
}

}  // namespace connector::load
