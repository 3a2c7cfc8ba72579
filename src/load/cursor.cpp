#include "load/cursor.hpp"

#include "core/error.hpp"
#include "load/row_sql.hpp"
#include "load/sync_column.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

/// Runs `function` where dates, times and floats become text in one form, whatever the session's settings are.
template <typename Function>
auto with_exact_output(Function&& function) {
  return pg::with_settings({{"datestyle", "ISO, YMD"}, {"timezone", "UTC"}, {"extra_float_digits", "1"}},
                           std::forward<Function>(function));
}

/// What values of a cursor are ordered by, on both sides alike: text by its bytes in UTF-8.
std::string order_of(const PlannedColumn& cursor, const std::string& value) {
  switch (cursor.target.oid) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
      return "pg_catalog.convert_to(" + value + "::pg_catalog.text, 'UTF8')";
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case NUMERICOID:
    case FLOAT4OID:
    case FLOAT8OID:
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case UUIDOID:
    case BYTEAOID:
      return value;
    default:
      throw core::Error(ErrorNumber::invalid_parameters,
                        "column \"" + cursor.name + "\" of type " +
                            pg::utf8_text(std::string_view(cursor.target.shown)) + " can't be a cursor",
                        "A cursor is a number, a date, a timestamp, a uuid, text or bytes.");
  }
}

std::string maximum_of(const RefreshTarget& target, const PlannedColumn& cursor) {
  const std::string order = order_of(cursor, "m." + quoted(cursor));
  return "(SELECT " + order + " FROM " + target.sql_only() + " AS m WHERE m." + quoted(cursor) +
         " IS NOT NULL ORDER BY " + order + " USING OPERATOR(pg_catalog.>) LIMIT 1)";
}

}  // namespace

std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan) {
  const std::string name = spec.sync ? spec.sync->cursor.value_or("") : "";
  const std::size_t found = sync_column(name, "cursor", plan);
  order_of(plan.columns[found], "");
  return found;
}

bool read_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from) {
  // A value of another type than the remote's own may mean something else there.
  if (!(cursor.natural == cursor.target)) return false;
  if (cursor.target.oid == BYTEAOID) return false;  // no provider knows how it is written there
  return source.read_range({cursor.remote, from});
}

void check_truncation(const ImportResult& result, bool ordered) {
  if (!result.truncated || ordered) return;
  throw core::Error(core::ErrorNumber::cannot_load,
                    "the source has more than " + std::to_string(result.max_rows) +
                        " rows, and can't be asked for the first ones by the cursor column",
                    {}, "Raise \"max_rows\", or choose a cursor column that is a number, a date or a timestamp.");
}

CursorPosition cursor_position(const RefreshTarget& target, const PlannedColumn& cursor) {
  CursorPosition position;
  position.maximum = maximum_of(target, cursor);
  const bool is_text = order_of(cursor, "x") != "x";
  const std::string single =
      cursor.target.oid == FLOAT4OID ? "::pg_catalog.float8::pg_catalog.text" : "::pg_catalog.text";
  const std::string shown =
      is_text ? "pg_catalog.convert_from(" + position.maximum + ", 'UTF8')" : position.maximum + single;
  const pg::SqlRows rows = with_exact_output([&] { return pg::query("SELECT " + shown); });
  if (rows.at(0).at(0)) position.value = pg::utf8_text(std::string_view(*rows[0][0]));
  return position;
}

void cut_before(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan, const PlannedColumn& cursor,
                bool has_key) {
  const std::string maximum = maximum_of(target, cursor);
  const std::string value = order_of(cursor, "s." + quoted(cursor));
  // Rows without a cursor value were read by the first run, if at all.
  pg::execute("DELETE FROM " + staging.sql() + " AS s WHERE " + value + " OPERATOR(pg_catalog.<) " + maximum +
              " OR s." + quoted(cursor) + " IS NULL AND " + maximum + " IS NOT NULL");
  if (has_key) return;
  std::vector<std::string> columns;
  for (const PlannedColumn& column : plan.columns) columns.push_back(quoted(column));
  pg::execute("DELETE FROM " + staging.sql() + " AS s WHERE (" + value + " OPERATOR(pg_catalog.=) " + maximum + " OR " +
              maximum + " IS NULL) AND EXISTS (SELECT 1 FROM " + target.sql_only() + " AS t WHERE " +
              record(columns, "t.") + " OPERATOR(pg_catalog.*=) " + record(columns, "s.") + " AND (" +
              order_of(cursor, "t." + quoted(cursor)) + " OPERATOR(pg_catalog.=) " + maximum + " OR " + maximum +
              " IS NULL))");
}

bool goes_beyond(const RefreshTarget& target, const Staging& staging, const PlannedColumn& cursor) {
  const std::string maximum = maximum_of(target, cursor);
  return !pg::query("SELECT 1 FROM " + staging.sql() + " AS s WHERE " + maximum + " IS NULL OR " +
                    order_of(cursor, "s." + quoted(cursor)) + " OPERATOR(pg_catalog.>) " + maximum + " LIMIT 1")
              .empty();
}

void check_progress(const ImportResult& result, const PlannedColumn& cursor) {
  if (!result.truncated) return;
  throw core::Error(ErrorNumber::cannot_load,
                    "the source has more than " + std::to_string(result.max_rows) +
                        " rows with the last value of the cursor column \"" + cursor.name + "\"",
                    "What lies beyond them can't be reached under this limit of rows.",
                    "Raise the limit (connector.max_rows, or \"max_rows\" of the request), or choose a cursor column "
                    "whose values differ more.");
}

}  // namespace connector::load
