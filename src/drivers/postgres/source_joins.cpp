// Joins of sources, groups and aggregates.
#include "drivers/postgres/source.hpp"

#include <utility>

#include "core/base/list_text.hpp"

namespace connector::postgres {

namespace {

/// A result has no more than 1664 columns (src/include/access/htup_details.h, MaxTupleAttributeNumber).
constexpr std::size_t most_columns = 1600;

bool is_extreme(core::AggregateFunction function) {
  return function == core::AggregateFunction::minimum || function == core::AggregateFunction::maximum;
}

/// sum() of a bigint or numeric is numeric, that of smaller integers bigint.
bool is_numeric_sum(const core::Aggregate& aggregate, const core::LogicalType& type) {
  return aggregate.function == core::AggregateFunction::sum &&
         (type.kind == core::TypeKind::int8 || type.kind == core::TypeKind::numeric);
}

}  // namespace

std::unique_ptr<core::Source> PostgresSource::join(Session& session, std::span<core::Source* const> parts) {
  std::vector<const PostgresSource*> sources;
  std::size_t columns = 0;
  for (const core::Source* part : parts) {
    const auto* source = dynamic_cast<const PostgresSource*>(part);
    if (source == nullptr || !source->copyable_ || !source->parts_.empty()) return nullptr;
    sources.push_back(source);
    columns += source->seen_.size();
    // What all values of a statement have in common.
    const PostgresSource& first = *sources.front();
    if (source->stored_encoding_ != first.stored_encoding_ || source->money_digits_ != first.money_digits_) {
      return nullptr;
    }
  }
  if (sources.empty() || columns > most_columns) return nullptr;
  return std::unique_ptr<core::Source>(new PostgresSource(session, sources, core::joined_description(parts)));
}

PostgresSource::PostgresSource(Session& session, const std::vector<const PostgresSource*>& parts,
                               core::SourceDescription description)
    : session_(session),
      stored_encoding_(parts.front()->stored_encoding_),
      invalid_become_null_(false),
      money_digits_(parts.front()->money_digits_),
      description_(std::move(description)) {
  std::string names, seen, all;
  for (const PostgresSource* part : parts) {
    const std::string alias = core::part_alias(parts_.size());
    for (const SourceColumn& of_part : part->columns_) {
      SourceColumn& column = columns_.emplace_back(of_part);
      column.sql = part->table_.empty() ? alias + ".c" + std::to_string(column.position) : alias + '.' + column.sql;
    }
    core::add_item(names, part->table_.empty() ? "a query" : part->table_);
    core::add_item(seen, part->seen_columns(alias));
    core::add_item(all, part->part_sql(alias));
    seen_.insert(seen_.end(), part->seen_.begin(), part->seen_.end());
    parts_.push_back(part->part_sql(alias));
  }
  summary_ = "could not read the join of " + names;
  joined_look_ = "SELECT " + seen + " FROM " + all + " WHERE false; ";
}

/// What stands behind FROM or JOIN.
std::string PostgresSource::part_sql(const std::string& alias) const {
  return table_.empty() ? query_columns(alias) : table_ + " AS " + alias;
}

/// Columns of the types in seen_.
std::string PostgresSource::seen_columns(const std::string& alias) const {
  if (table_.empty()) return alias + ".*";
  std::string list;
  for (const SourceColumn& column : columns_) core::add_item(list, alias + '.' + column.sql);
  return list;
}

bool PostgresSource::groups_by(std::size_t column) {
  return copyable_ && own_dialect().groups(description_.columns.at(column));
}

bool PostgresSource::joins(const core::Join& join) {
  return !parts_.empty() && own_dialect().joins(join, description_.columns);
}

std::optional<core::RemoteColumn> PostgresSource::aggregate(const core::Aggregate& aggregate) {
  if (!copyable_ || !own_dialect().aggregates(aggregate, description_.columns)) return std::nullopt;
  core::RemoteColumn result;
  if (is_extreme(aggregate.function)) {
    result = description_.columns[aggregate.column];
    result.not_null = false;
  } else {
    const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
    const bool is_numeric = has_column && is_numeric_sum(aggregate, description_.columns[aggregate.column].type);
    result.type.kind = is_numeric ? core::TypeKind::numeric : core::TypeKind::int8;
  }
  return result;
}

/// How the columns of a scan are read, and its aggregates.
std::vector<Decode> PostgresSource::decodes(const core::Scan& scan) const {
  std::vector<Decode> decodes;
  for (const std::size_t index : scan.columns) decodes.push_back(columns_[index].rule.decode);
  for (const core::Aggregate& aggregate : scan.aggregates) {
    if (aggregate.function == core::AggregateFunction::count_rows) {
      decodes.push_back(Decode::int8);
      continue;
    }
    const ColumnRule& rule = columns_[aggregate.column].rule;
    const Decode computed = is_numeric_sum(aggregate, rule.type) ? Decode::numeric : Decode::int8;
    decodes.push_back(is_extreme(aggregate.function) ? rule.decode : computed);
  }
  return decodes;
}

}  // namespace connector::postgres
