#include "load/import.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "load/bulk_insert.hpp"
#include "load/converter.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

/// A memory context for what lives as long as one batch.
class BatchMemory {
 public:
  BatchMemory() {
    context_ = pg::guard(
        [] { return AllocSetContextCreate(CurrentMemoryContext, "connector batch", ALLOCSET_DEFAULT_SIZES); });
  }
  /// Runs `function` with the context current, then empties it. After an exception the context of the caller empties
  /// it.
  template <typename Function>
  void use(Function&& function) {
    const MemoryContext outer = MemoryContextSwitchTo(context_);
    try {
      function();
    } catch (...) {
      MemoryContextSwitchTo(outer);
      throw;
    }
    MemoryContextSwitchTo(outer);
    pg::guard([this] { MemoryContextReset(context_); });
  }

 private:
  MemoryContext context_;
};

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

/// The stream: source → batch → converters → table, until the rows or the limit end.
class Stream {
 public:
  Stream(core::Source& source, const LoadPlan& plan, core::InvalidValues invalid_values, const ImportLimits& limits,
         core::Wait& wait)
      : source_(source),
        plan_(plan),
        limits_(limits),
        wait_(wait),
        columns_(batch_columns(plan, source.description())),
        batch_(columns_, invalid_values, batch_rows, limits.batch_bytes),
        converters_(make_converters(plan, columns_)) {}

  void run(BulkInsert& insert, ImportResult& result) {
    bool more = true;
    while (more && result.rows < max_rows()) {
      wait_.check();
      batch_.want_rows(static_cast<std::size_t>(std::min<std::uint64_t>(max_rows() - result.rows, batch_rows)));
      more = source_.fetch(batch_);
      memory_.use([&] {
        for (std::size_t column = 0; column < converters_.size(); ++column) {
          converters_[column].convert(batch_, column, batch_.rows());
        }
        insert.write(batch_, batch_.rows());
      });
      result.rows += batch_.rows();
      result.bytes += batch_.bytes();
      batch_.clear();
    }
    result.invalid_values = counts_by_name(plan_, batch_.invalid_counts());
    result.zero_dates = counts_by_name(plan_, source_.zero_date_counts());
    if (more) result.truncated = has_another_row();
  }

 private:
  static constexpr std::size_t batch_rows = 1000;

  std::uint64_t max_rows() const {
    return limits_.max_rows > 0 ? static_cast<std::uint64_t>(limits_.max_rows)
                                : std::numeric_limits<std::uint64_t>::max();
  }

  /// Whether the source goes on behind the limit. What is wrong with that row is nobody's business.
  bool has_another_row() {
    batch_.want_rows(1);
    try {
      source_.fetch(batch_);
      return batch_.rows() > 0;
    } catch (const core::Error& error) {
      if (error.number() == core::ErrorNumber::cannot_load) return true;
      throw;
    }
  }

  core::Source& source_;
  const LoadPlan& plan_;
  const ImportLimits& limits_;
  core::Wait& wait_;
  std::vector<core::BatchColumn> columns_;
  core::RowBatch batch_;
  std::vector<ColumnConverter> converters_;
  BatchMemory memory_;
};

void report_plan(const core::ConnectorSpec& spec, const std::string& local_name, const LoadPlan& plan) {
  if (local_name != spec.local_name_source()) {
    pg::notice("the local table for \"" + std::string(spec.local_name_source()) + "\" is named \"" + local_name + "\"");
  }
  for (const auto& [remote, local] : plan.renamed) {
    pg::notice("column \"" + remote + "\" is named \"" + local + "\" locally");
  }
  for (const SkippedColumn& column : plan.skipped) {
    pg::notice("column \"" + column.remote_name + "\" of type " + column.remote_type +
               " is left out: " + column.reason);
  }
}

void report_counts(const ColumnCounts& counts, const std::string& what) {
  for (const auto& [column, count] : counts) {
    pg::warning(std::to_string(count) + " " + what + (count == 1 ? "" : "s") + " in column \"" + column +
                "\" became NULL");
  }
}

void report_result(const ImportResult& result) {
  if (result.truncated) {
    pg::warning("the import stopped at the limit of " + std::to_string(result.max_rows) +
                    (result.max_rows == 1 ? " row" : " rows"),
                "The source has more rows. The limit is the lowest of connector.max_rows, connector.role_limits and "
                "\"max_rows\" of the request.");
  }
  report_counts(result.invalid_values, "invalid value");
  report_counts(result.zero_dates, "zero date");
}

std::vector<AttrNumber> leading_attributes(std::size_t count) {
  std::vector<AttrNumber> attributes;
  for (std::size_t i = 1; i <= count; ++i) attributes.push_back(static_cast<AttrNumber>(i));
  return attributes;
}

}  // namespace

core::SourceRequest source_request(const core::ConnectorSpec& spec) {
  core::SourceRequest request;
  request.schema = spec.schema.value_or("");
  request.query = spec.sql_query.value_or("");
  if (request.query.empty()) request.table = spec.table.value_or("");
  request.columns = column_requests(spec);
  request.encoding = spec.encoding;
  request.zero_dates = spec.zero_dates;
  return request;
}

std::vector<core::BatchColumn> batch_columns(const LoadPlan& plan, const core::SourceDescription& source) {
  std::vector<core::BatchColumn> columns;
  for (const PlannedColumn& planned : plan.columns) {
    const core::RemoteColumn& remote = source.columns[planned.remote];
    columns.push_back({remote.name, remote.type, remote.form, remote.encoding});
  }
  return columns;
}

ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, const ImportLimits& limits, core::Wait& wait) {
  pg::Tied<core::Source> source(TopTransactionContext);
  source.set(connection.describe(source_request(spec)));
  const core::SourceDescription& description = source->description();
  const LoadPlan plan = make_plan(spec, description, limits.max_columns);
  report_plan(spec, pg::utf8_text(std::string_view(target.name)), plan);

  ImportResult result;
  result.max_rows = limits.max_rows;
  result.skipped = plan.skipped;
  const bool overwrite = target.outcome == NameChoice::Outcome::overwrite;
  OverwriteTarget table;
  if (overwrite) {
    table = prepare_overwrite(schema, target.name, target.existing, plan);
  } else {
    table = {create_table(schema, target.name, plan), leading_attributes(plan.columns.size())};
  }

  Stream stream(*source, plan, spec.invalid_values, limits, wait);
  // One row beyond the limit tells whether there are more.
  source->open(plan.remote_columns(),
               limits.max_rows > 0 ? std::optional<std::int64_t>(limits.max_rows + 1) : std::nullopt);
  BulkInsert insert(table.relation, table.attributes);
  stream.run(insert, result);
  insert.finish();
  const std::string comment = description.comment;
  source.reset();  // the remote need not wait for indexes and statistics

  if (overwrite) {
    finish_overwrite(schema, target.name, table, plan, insert.has_nulls());
  } else {
    finish_table(schema, target.name, plan, insert.has_nulls(), comment, spec.default_columns);
  }
  report_result(result);
  return result;
}

}  // namespace connector::load
