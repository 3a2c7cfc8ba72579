// A table in parts, by ranges of the first column of its primary key.
#include "drivers/sqlserver/source.hpp"

#include <algorithm>

#include "core/remote/key_ranges.hpp"
#include "core/remote/key_values.hpp"
#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

namespace {

/// A value (its SQL) as text, in the form of core::Expression::value. Empty if the type has none here: the order of
/// uniqueidentifier is one of its own. Digits behind the second do not matter: only the ends are asked for, which lie
/// in parts without an end.
std::string value_text(const core::LogicalType& type, const std::string& value) {
  switch (type.kind) {
    case core::TypeKind::int2:
    case core::TypeKind::int4:
    case core::TypeKind::int8:
    case core::TypeKind::numeric:
      return "CAST(" + value + " AS nvarchar(50))";
    case core::TypeKind::date:
      return "CONVERT(nvarchar(10), " + value + ", 23)";
    case core::TypeKind::timestamp:
      return "CONVERT(nvarchar(19), " + value + ", 120)";
    default:
      return {};
  }
}

}  // namespace

std::vector<std::string> SqlServerSource::divide(std::size_t wanted) {
  if (!is_base_table_ || description_.primary_key.empty()) return {};
  const auto found =
      std::ranges::find(description_.columns, description_.primary_key.front(), &core::RemoteColumn::name);
  if (found == description_.columns.end() || !core::has_places(found->type)) return {};
  const auto key = static_cast<std::size_t>(found - description_.columns.begin());
  // Of two conditions that only narrow, a row might meet both.
  const core::Expression less{.operation = core::Operator::less,
                              .operands = {core::Expression::of_column(key), core::Expression::of_parameter(1)}};
  const std::string least = value_text(found->type, "MIN(" + column_sql(key) + ")");
  if (least.empty() || support(less) != core::Support::exact) return {};
  const std::string greatest = value_text(found->type, "MAX(" + column_sql(key) + ")");
  const Task task{core::Phase::describe, summary_};
  // Without locks, where that can be: whoever writes there is not waited for.
  session_.begin_transaction(true, task);
  const std::vector<TextResult> ends = session_.query("SELECT " + least + ", " + greatest + " FROM " + table_, task);
  session_.release(task);
  if (ends.size() != 1 || ends[0].rows.size() != 1 || ends[0].rows[0].size() != 2) return {};
  const TextRow& values = ends[0].rows[0];
  if (!values[0] || !values[1]) return {};
  // Equal stretches of the values: what statistics tell is for who may see them only.
  const auto even = [](std::span<const core::KeyRange> ranges) { return std::vector<double>(ranges.size(), 1); };
  return dialect().key_parts(column_sql(key), *found,
                             core::divide_key(found->type, *values[0], *values[1], wanted, even));
}

}  // namespace connector::sqlserver
