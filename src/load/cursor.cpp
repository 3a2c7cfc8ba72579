#include "load/cursor.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace connector::load {

std::size_t cursor_column(const core::ConnectorSpec& spec, const core::SourceDescription& source,
                          const LoadPlan& plan) {
  const std::string name = spec.sync ? spec.sync->cursor.value_or("") : "";
  const auto find = [&](auto&& matches) { return std::ranges::find_if(plan.columns, matches); };
  auto found = find([&](const PlannedColumn& column) { return source.columns[column.remote].name == name; });
  if (found == plan.columns.end()) found = find([&](const PlannedColumn& column) { return column.name == name; });
  if (found == plan.columns.end()) {
    throw core::Error(core::ErrorNumber::invalid_parameters,
                      "the cursor column \"" + name + "\" does not exist in the source", {},
                      "Name a column of the source in \"cursor\" of \"sync\".");
  }
  return static_cast<std::size_t>(found - plan.columns.begin());
}

bool read_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from) {
  // A value of another type than the remote's own may mean something else there.
  if (!(cursor.natural == cursor.target)) return false;
  return source.read_range({cursor.remote, from});
}

void check_truncation(const ImportResult& result, bool ordered) {
  if (!result.truncated || ordered) return;
  throw core::Error(core::ErrorNumber::cannot_load,
                    "the source has more than " + std::to_string(result.max_rows) +
                        " rows, and can't be asked for the first ones by the cursor column",
                    {}, "Raise \"max_rows\", or choose a cursor column that is a number, a date or a timestamp.");
}

}  // namespace connector::load
