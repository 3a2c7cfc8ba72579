#include "load/read/plan.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/request/names.hpp"
#include "core/base/utf8.hpp"
#include "pg/notice.hpp"
#include "core/base/list_text.hpp"

extern "C" {
#include "catalog/heap.h"
}

namespace connector::load {

namespace {

void check_column_count(std::size_t count, int max_columns) {
  if (count <= static_cast<std::size_t>(max_columns)) return;
  throw core::Error(core::ErrorNumber::too_many_columns,
                    "the source has " + std::to_string(count) + " columns, and at most " + std::to_string(max_columns) +
                        " can be imported",
                    {}, "Choose some with \"columns\" or \"sql_query\".");
}

/// Normalised names avoid those of PostgreSQL's system columns; verbatim ones can't.
void check_system_columns(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (SystemAttributeByName(name.c_str()) != nullptr) core::add_item(list, core::quoted(name));
  }
  if (list.empty()) return;
  throw core::Error(core::ErrorNumber::duplicated_column,
                    "every table of PostgreSQL has system columns of these names already: " + list, {},
                    "Name the columns differently in the query, or set \"column_names\" to \"normalize\".");
}

std::vector<std::size_t> local_key(const LoadPlan& plan, const core::SourceDescription& source) {
  std::vector<std::size_t> key;
  for (const std::string& name : source.primary_key) {
    const auto found =
        std::ranges::find_if(plan.columns, [&](const PlannedColumn& column) { return column.remote_name == name; });
    // Without all its columns the key is none.
    if (found == plan.columns.end()) return {};
    key.push_back(static_cast<std::size_t>(found - plan.columns.begin()));
  }
  return key;
}

}  // namespace

std::vector<std::size_t> LoadPlan::remote_columns() const {
  std::vector<std::size_t> result;
  for (const PlannedColumn& column : columns) result.push_back(column.remote);
  return result;
}

core::SourceRequest source_request(const core::ConnectorSpec& spec) {
  core::SourceRequest request;
  request.schema = spec.schema.value_or("");
  request.query = spec.sql_query.value_or("");
  if (request.query.empty()) request.table = spec.table.value_or("");
  for (const core::ColumnChoice& choice : spec.columns) {
    core::ColumnRequest& column = request.columns.emplace_back(core::ColumnRequest{choice.name, std::nullopt});
    if (choice.type) column.wanted = logical_type(parse_local_type(*choice.type, choice.name));
  }
  request.encoding = spec.encoding;
  request.parameters = spec.provider_parameters;
  request.invalid_become_null = spec.invalid_values == core::InvalidValues::null;
  request.parts = spec.keep;
  return request;
}

namespace {

/// What the remote refuses for good is about the query where there is one; else about the table, unless the driver
/// knows better.
core::Error about_source(const core::Error& error, const core::ConnectorSpec& spec) {
  if (!error.permanent()) return error;
  if (spec.sql_query) return error.with_parameter("sql_query");
  return error.parameter().empty() ? error.with_parameter("table") : error;
}

}  // namespace

std::unique_ptr<core::Source> describe_source(const core::ConnectorSpec& spec, core::Connection& connection) {
  try {
    return connection.describe(source_request(spec));
  } catch (const core::Error& refused) {
    const core::Error error = about_source(refused, spec);
    const std::string table = spec.sql_query ? "" : spec.table.value_or("");
    const auto dot = table.find('.');
    const bool is_qualified = dot != std::string::npos && dot > 0 && dot + 1 < table.size();
    if (!is_qualified || error.number() != core::ErrorNumber::cannot_read) throw error;
    throw error.with_hint(
        "The schema of a table has a key of its own: \"schema\": " + core::quoted(table.substr(0, dot)) +
        ", \"table\": " + core::quoted(table.substr(dot + 1)) + '.');
  }
}

ColumnNames column_names(const LoadPlan& plan) {
  ColumnNames names;
  for (const PlannedColumn& column : plan.columns) names.emplace(column.remote_name, column.name);
  return names;
}

LoadPlan make_plan(const core::ConnectorSpec& spec, const core::SourceDescription& source, int max_columns) {
  LoadPlan plan;
  plan.provider = spec.provider;
  std::vector<std::string> remote_names;
  for (std::size_t index = 0; index < source.columns.size(); ++index) {
    const core::RemoteColumn& remote = source.columns[index];
    if (!remote.unsupported_reason.empty()) {
      plan.skipped.push_back({remote.name, remote.remote_type, remote.unsupported_reason});
      continue;
    }
    PlannedColumn column;
    column.remote = index;
    column.remote_name = remote.name;
    column.natural = local_type(remote.type);
    // The source has the columns of the request, in its order.
    const std::optional<std::string> type = spec.columns.empty() ? std::nullopt : spec.columns.at(index).type;
    column.target = type ? parse_local_type(*type, remote.name) : column.natural;
    column.not_null = remote.not_null;
    column.comment = remote.comment;
    plan.columns.push_back(std::move(column));
    remote_names.push_back(remote.name);
  }
  check_column_count(plan.columns.size(), max_columns);
  if (plan.columns.empty()) {
    throw core::Error(core::ErrorNumber::cannot_read, "the source has no column that can be imported");
  }
  const std::vector<std::string> local_names = spec.column_names == core::ColumnNames::verbatim
                                                   ? core::verbatim_column_names(remote_names)
                                                   : core::normalize_column_names(remote_names);
  check_system_columns(local_names);
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    plan.columns[i].name = local_names[i];
    if (local_names[i] != remote_names[i]) plan.renamed.emplace_back(remote_names[i], local_names[i]);
  }
  plan.primary_key = local_key(plan, source);
  return plan;
}

namespace {

/// One NOTICE, however many there are.
void report_renamed(const LoadPlan& plan) {
  if (plan.renamed.empty()) return;
  const auto told = [](const auto& names) {
    return "olumn \"" + names.first + "\" is named \"" + names.second + "\" locally";
  };
  if (plan.renamed.size() == 1) return pg::notice("c" + told(plan.renamed.front()));
  std::string lines;
  for (const auto& names : plan.renamed) core::add_item(lines, "C" + told(names) + ".", "\n");
  pg::notice(std::to_string(plan.renamed.size()) + " columns have other names locally", lines);
}

}  // namespace

void report_plan(const core::ConnectorSpec& spec, const std::string& local_name, const LoadPlan& plan) {
  if (local_name != spec.local_name_source()) {
    pg::notice("the local table for \"" + std::string(spec.local_name_source()) + "\" is named \"" + local_name + "\"",
               {},
               spec.import_as && spec.import_as->find('.') != std::string::npos
                   ? "\"target_schema\" says in which schema the table is made."
                   : "");
  }
  report_renamed(plan);
  for (const SkippedColumn& column : plan.skipped) {
    pg::notice("column \"" + column.remote_name + "\" of type " + column.remote_type +
               " is left out: " + column.reason);
  }
}

std::string wanted_table_name(const core::ConnectorSpec& spec) {
  return core::normalize_table_name(spec.local_name_source());
}

}  // namespace connector::load
