#include "load/import.hpp"

#include "load/cursor.hpp"
#include "load/default_columns.hpp"
#include "load/layout.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "pg/tie.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::load {

namespace {

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

ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, const ImportLimits& limits, core::Wait& wait, Progress& progress) {
  progress.phase(RunPhase::describing);
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

  std::vector<bool> has_nulls;
  {  // the batch's memory is given back before the key is built
    Stream stream(*source, plan, spec.invalid_values, limits, wait, progress);
    const bool appends = spec.sync && spec.sync->mode == core::SyncMode::append;
    const bool ordered =
        appends && read_by_cursor(*source, plan.columns[cursor_column(spec, description, plan)], std::nullopt);
    stream.open();
    BulkInsert insert(table.relation, table.attributes);
    stream.run(insert, result);
    insert.finish();
    has_nulls = insert.has_nulls();
    if (appends) check_truncation(result, ordered);
  }
  const std::string comment = description.comment;
  source.reset();  // the remote need not wait for indexes and statistics
  progress.phase(RunPhase::indexing);

  if (overwrite) {
    finish_overwrite(schema, target.name, table, plan, has_nulls);
  } else {
    finish_table(schema, target.name, plan, has_nulls, comment, spec.default_columns);
  }
  report_result(result);
  result.layout = layout_of(plan, spec.default_columns && !overwrite);
  return result;
}

}  // namespace connector::load
