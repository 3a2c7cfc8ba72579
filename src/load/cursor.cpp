#include "load/cursor.hpp"

#include "core/error.hpp"
#include "load/sync_column.hpp"

namespace connector::load {

std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan) {
  const std::string name = spec.sync ? spec.sync->cursor.value_or("") : "";
  return sync_column(name, "cursor", plan);
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
