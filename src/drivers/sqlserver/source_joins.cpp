// Joins of sources, groups and aggregates.
#include "drivers/sqlserver/source.hpp"

#include <utility>

#include "core/base/list_text.hpp"
#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

std::unique_ptr<core::Source> SqlServerSource::join(Session& session, std::span<core::Source* const> parts) {
  if (parts.empty() || session.is_babelfish()) return nullptr;
  std::vector<SqlServerSource*> sources;
  for (core::Source* part : parts) {
    auto* source = dynamic_cast<SqlServerSource*>(part);
    if (source == nullptr || !source->parts_.empty() || !source->can_select()) return nullptr;
    sources.push_back(source);
  }
  return std::unique_ptr<core::Source>(new SqlServerSource(session, sources, core::joined_description(parts)));
}

SqlServerSource::SqlServerSource(Session& session, const std::vector<SqlServerSource*>& parts,
                                 core::SourceDescription description)
    : session_(session), description_(std::move(description)) {
  std::string names;
  for (const SqlServerSource* part : parts) {
    const std::string alias = core::part_alias(parts_.size());
    const std::string from = part->part_sql(alias);
    for (std::size_t i = 0; i < part->columns_.size(); ++i) {
      SourceColumn& column = columns_.emplace_back(part->columns_[i]);
      column.sql = alias + '.' + (part->table_.empty() ? "c" + std::to_string(column.position) : column.sql);
      column.part = from;
    }
    core::add_item(names, part->table_.empty() ? "a query" : part->table_);
    parts_.push_back(from);
    has_one_state_ = has_one_state_ && part->has_one_state_;
  }
  summary_ = "could not read the join of " + names;
}

/// What stands behind FROM or JOIN.
std::string SqlServerSource::part_sql(const std::string& alias) const {
  return table_.empty() ? wrapped_query(wrapping_, alias) : table_ + " AS " + alias;
}

std::string SqlServerSource::from_sql() const {
  if (!parts_.empty()) return parts_.front();
  return table_.empty() ? wrapped_query(wrapping_) : table_;
}

/// Whether more than its rows can be asked for. Nobody has tried that with Babelfish.
bool SqlServerSource::computes() {
  return !session_.is_babelfish() && can_select();
}

bool SqlServerSource::joins(const core::Join& join) {
  return !parts_.empty() && support(join.on) == core::Support::exact;
}

bool SqlServerSource::groups_by(std::size_t column) {
  return dialect().groups(description_.columns.at(column)) && computes();
}

std::optional<core::RemoteColumn> SqlServerSource::aggregate(const core::Aggregate& aggregate) {
  if (!dialect().aggregates(aggregate, description_.columns) || !computes()) return std::nullopt;
  const ColumnRule rule = aggregate_rule(aggregate);
  core::RemoteColumn result;
  result.remote_type = rule.remote_type;
  result.type = rule.type;
  result.form = rule.form;
  result.encoding = rule.encoding;
  return result;
}

/// How an aggregate's value comes. The types are those of Microsoft's pages "COUNT_BIG", "SUM", "MAX" and "MIN".
ColumnRule SqlServerSource::aggregate_rule(const core::Aggregate& aggregate) const {
  ColumnFacts facts;
  switch (aggregate.function) {
    case core::AggregateFunction::minimum:
    case core::AggregateFunction::maximum:
      return columns_[aggregate.column].rule;
    case core::AggregateFunction::sum:
      facts.precision = 38;
      facts.scale = columns_[aggregate.column].rule.type.scale;  // 0 of integers, 4 of money
      facts.type_name = "decimal(38," + std::to_string(facts.scale) + ')';
      break;
    default:
      facts.type_name = "bigint";
      break;
  }
  return described_rule(facts, std::nullopt, false);
}

/// Behind what is wanted of a join or of groups: a NULL for each of checked_columns(), of the column's type. (In groups
/// there is no value of it to be had, nor is there of a part that is only looked at by EXISTS.)
std::string SqlServerSource::checks(const core::Scan& scan) const {
  std::string list;
  for (const std::size_t index : checked_columns(scan)) {
    const std::string& part = columns_[index].part;
    const std::string check =
        "(SELECT TOP (0) " + column_sql(index) + " FROM " + (part.empty() ? from_sql() : part) + ')';
    core::add_item(list, check);
  }
  return list.empty() || scan.is_grouped ? list : ", " + list;
}

/// The columns of a scan's result, from the first one on.
std::vector<SqlServerSource::Expected> SqlServerSource::expected(const core::Scan& scan, bool is_select) const {
  std::vector<Expected> columns;
  for (const std::size_t index : scan.columns) {
    columns.push_back({description_.columns[index].name, columns_[index].rule});
  }
  for (const core::Aggregate& aggregate : scan.aggregates) {
    const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
    columns.push_back({has_column ? description_.columns[aggregate.column].name : "*", aggregate_rule(aggregate)});
  }
  if (!is_select) return columns;
  for (const std::size_t index : checked_columns(scan)) {
    columns.push_back({description_.columns[index].name, columns_[index].rule, false});
  }
  return columns;
}

}  // namespace connector::sqlserver
