// Joined sources, and what is computed of groups of rows.
#include <string>

#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/sort_key.hpp"
#include "drivers/mysql/source.hpp"

namespace connector::mysql {

namespace {

std::vector<core::Source*> sources_of(std::span<MysqlSource* const> parts) {
  return {parts.begin(), parts.end()};
}

}  // namespace

std::unique_ptr<MysqlSource> MysqlSource::join(std::span<MysqlSource* const> parts) {
  const MysqlSource& first = *parts.front();
  for (MysqlSource* part : parts) {
    // A result is converted as a whole or not at all, and its zero dates become one thing.
    const bool is_alike = &part->session_ == &first.session_ && part->reading_.encoding == first.reading_.encoding &&
                          part->zero_dates_ == first.zero_dates_;
    if (!is_alike || part->is_joined() || !part->can_be_asked()) return nullptr;
  }
  return std::unique_ptr<MysqlSource>(new MysqlSource(parts));
}

MysqlSource::MysqlSource(std::span<MysqlSource* const> parts)
    : session_(parts.front()->session_),
      summary_("could not read joined tables"),
      reading_(parts.front()->reading_),
      zero_dates_(parts.front()->zero_dates_),
      tinyint1_is_boolean_(false),
      description_(core::joined_description(sources_of(parts))) {
  session_.end_state();
  for (const MysqlSource* part : parts) {
    for (SourceColumn column : part->columns_) {
      column.part = parts_.size();
      columns_.push_back(std::move(column));
    }
    parts_.push_back(part->from());
  }
}

/// A part as it stands behind FROM and JOIN.
std::string MysqlSource::part(std::size_t number) const {
  return parts_[number] + " AS " + core::part_alias(number);
}

bool MysqlSource::joins(const core::Join& join) {
  // Older servers of MariaDB can't be asked for a subquery as setting() needs it.
  if (core::is_semi_or_anti(join.kind) && !session_.version().at_least(1, 100102)) return false;
  return is_joined() && dialect().joins(join, description_.columns);
}

bool MysqlSource::groups_by(std::size_t column) {
  return can_be_asked() && dialect().groups(description_.columns[column]);
}

std::optional<core::RemoteColumn> MysqlSource::aggregate(const core::Aggregate& aggregate) {
  using enum core::AggregateFunction;
  if (!can_be_asked() || !dialect().aggregates(aggregate, description_.columns)) return std::nullopt;
  core::RemoteColumn arriving;
  if (aggregate.function == minimum || aggregate.function == maximum) {
    arriving = description_.columns[aggregate.column];
    arriving.not_null = false;
  } else if (aggregate.function == sum) {
    arriving.type = sum_type(description_.columns[aggregate.column]);
    arriving.remote_type = "decimal";
  } else {
    arriving.type.kind = core::TypeKind::int8;
    arriving.remote_type = "bigint";
    arriving.not_null = true;
  }
  return arriving;
}

}  // namespace connector::mysql
