#include "load/refresh/cursor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.hpp"
#include "load/merge/row_sql.hpp"
#include "load/table/planned_distribution.hpp"
#include "load/table/sync_column.hpp"
#include "load/table/target_table.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "load/refresh/column_changes.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

using core::ErrorNumber;
using Json = nlohmann::ordered_json;

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
      throw core::Error(
          ErrorNumber::invalid_parameters,
          "column \"" + cursor.name + "\" of type " + pg::utf8_text(cursor.target.shown) + " can't be a cursor",
          "A cursor is a number, a date, a timestamp, a uuid, text or bytes.");
  }
}

/// What stands for the position in SQL, ordered as the column's values are, where its text is a parameter.
std::string position_sql(const PlannedColumn& cursor, const std::string& type, const char* parameter = "$1") {
  return order_of(cursor, parameter + ("::pg_catalog.text::" + type));
}

std::vector<pg::SqlParameter> parameters_of(const std::optional<std::string>& position) {
  return {{TEXTOID, position ? std::optional(pg::exact_server_text(*position)) : std::nullopt}};
}

/// The type for SQL, without a length: that of char(n) and bit(n) is 1 where none is written.
std::string type_sql(Oid type) {
  char* text =
      pg::guard([&] { return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY); });
  std::string result(text);
  pfree(text);
  return result;
}

/// The column's type in the relation, for SQL.
std::string type_in(Oid relation, const PlannedColumn& cursor) {
  const std::string name = pg::exact_server_text(cursor.name);
  return type_sql(pg::guard([&] { return get_atttype(relation, get_attnum(relation, name.c_str())); }));
}

/// How a position `p.v`, which is ordered as the column's values are, becomes its text.
std::string position_text(const PlannedColumn& cursor, const std::string& type) {
  if (order_of(cursor, "x") != "x") return "pg_catalog.convert_from(p.v, 'UTF8')::pg_catalog.text";
  return type == "real" ? "p.v::pg_catalog.float8::pg_catalog.text" : "p.v::pg_catalog.text";
}

/// The largest value in the relation, whose name for SQL is `name`; or `most` if that is given and less.
std::optional<std::string> last_position(Oid relation, const std::string& name, const PlannedColumn& cursor,
                                         const std::optional<std::string>& most) {
  const std::string type = type_in(relation, cursor);
  const std::string order = order_of(cursor, "m." + quoted(cursor));
  const std::string maximum = "(SELECT " + order + " FROM " + name + " AS m WHERE m." + quoted(cursor) +
                              " IS NOT NULL ORDER BY " + order + " USING OPERATOR(pg_catalog.>) LIMIT 1)";
  const std::string limit = position_sql(cursor, type);
  const std::string sql = "SELECT " + position_text(cursor, type) + " FROM (SELECT CASE WHEN " + limit +
                          " OPERATOR(pg_catalog.<) m.v THEN " + limit + " ELSE m.v END AS v FROM (SELECT " + maximum +
                          " AS v) AS m) AS p";
  const pg::SqlRows rows = with_exact_output([&] { return pg::query(sql, parameters_of(most)); });
  if (!rows.at(0).at(0)) return std::nullopt;
  return pg::utf8_text(*rows[0][0]);
}

}  // namespace

std::size_t cursor_column(const core::ConnectorSpec& spec, const LoadPlan& plan) {
  const std::string name = spec.sync ? spec.sync->cursor.value_or("") : "";
  const std::size_t found = sync_column(name, "cursor", plan);
  order_of(plan.columns[found], "");
  return found;
}

core::Scan scan_by_cursor(core::Source& source, const PlannedColumn& cursor, const std::optional<std::string>& from) {
  core::Scan scan;
  // A value of another type than the remote's own may mean something else there.
  if (!(cursor.natural == cursor.target)) return scan;
  if (cursor.target.oid == BYTEAOID) return scan;  // no provider knows how it is written there
  if (!source.orders_by(cursor.remote)) return scan;
  if (from) {
    // What comes from before the value is cut off here.
    core::Expression behind = core::Expression::comparison(cursor.remote, core::Operator::greater_or_equal, *from);
    if (source.support(behind) == core::Support::none) return scan;
    scan.where = std::move(behind);
  }
  // The remote has NULL where it likes: such rows are read by the first run, if at all.
  scan.order_by = {{.column = cursor.remote, .nulls = core::Nulls::wherever}};
  return scan;
}

void check_truncation(const LoadResult& result, const core::Scan& scan) {
  if (!result.truncated || !scan.order_by.empty()) return;
  throw core::Error(core::ErrorNumber::cannot_load,
                    "the source has more than " + std::to_string(result.max_rows) +
                        " rows, and can't be asked for the first ones by the cursor column",
                    {}, "Raise \"max_rows\", or choose a cursor column that is a number, a date or a timestamp.");
}

std::optional<std::string> start_position(const RefreshTarget& target, const PlannedColumn& cursor,
                                          const std::optional<std::string>& kept) {
  std::optional<std::string> last;
  if (kept) {
    const Json mark = Json::parse(*kept);
    // Values of another column, or of another type, say nothing here.
    if (mark.at("column") == cursor.name && mark.at("type") == pg::utf8_text(type_in(target.oid, cursor)))
      last = mark.at("value").get<std::string>();
  }
  return last_position(target.oid, target.sql_only(), cursor, last);
}

std::optional<std::string> reached_position(Oid relation, const PlannedColumn& cursor) {
  return last_position(relation, table_name(relation).sql(), cursor, std::nullopt);
}

std::optional<std::string> position_mark(Oid relation, const PlannedColumn& cursor,
                                         const std::optional<std::string>& position) {
  if (!position) return std::nullopt;
  const Json mark{{"column", cursor.name}, {"type", pg::utf8_text(type_in(relation, cursor))}, {"value", *position}};
  return mark.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool goes_beyond(const RefreshTarget& target, const std::string& rows, const PlannedColumn& cursor,
                 const std::optional<std::string>& position) {
  const std::string start = position_sql(cursor, type_in(target.oid, cursor));
  return !pg::query("SELECT 1 FROM " + rows + " AS s WHERE " + start + " IS NULL OR " +
                        order_of(cursor, "s." + quoted(cursor)) + " OPERATOR(pg_catalog.>) " + start + " LIMIT 1",
                    parameters_of(position))
              .empty();
}

namespace {

/// Whether a row `s` lies before the position. Rows without a cursor value were read by the first run, if at all.
std::string lies_before(const PlannedColumn& cursor, const std::string& start) {
  return order_of(cursor, "s." + quoted(cursor)) + " OPERATOR(pg_catalog.<) " + start + " OR s." + quoted(cursor) +
         " IS NULL AND " + start + " IS NOT NULL";
}

/// What rows are compared by.
std::vector<std::string> compared_columns(const LoadPlan& plan, const ColumnChanges& changes) {
  std::vector<std::string> columns;
  for (std::size_t i = 0; i < plan.columns.size(); ++i) {
    // Rows that are here have no values yet in columns that have just been added.
    if (std::ranges::find(changes.added, i) == changes.added.end()) columns.push_back(quoted(plan.columns[i]));
  }
  return columns;
}

std::string same_record(const PlannedColumn& cursor, const std::vector<std::string>& columns) {
  std::string same = record(columns, "t.") + " OPERATOR(pg_catalog.*=) " + record(columns, "s.");
  // Rows that are here have no value in a cursor column that has just been added.
  if (std::ranges::find(columns, quoted(cursor)) == columns.end()) return same;
  // Images can't be hashed, and all rows would have to be sorted. The text of equal ones is equal, and can be.
  const auto shown = [&](const char* row) {
    return "COALESCE(CAST(" + (row + quoted(cursor)) + " AS pg_catalog.text) COLLATE pg_catalog.\"C\", '')";
  };
  return shown("t.") + " OPERATOR(pg_catalog.=) " + shown("s.") + " AND " + same;
}

/// By what nodes find rows that are equal to those of the staging table: the distribution column; where there is none,
/// the cursor, and what has no value in it. Images alone can't be hashed.
std::vector<std::string> same_on_nodes(const RefreshTarget& target, const TableDistribution& distribution,
                                       const LoadPlan& plan, const PlannedColumn& cursor,
                                       const std::vector<std::string>& columns) {
  const std::string equal = " AND " + images_equal(columns, "t.", "s.");
  if (const std::optional<std::size_t> by = planned_distribution(target, distribution, plan)) {
    return {same_key(plan, {*by}, "t.", "s.") + equal};
  }
  const std::string name = quoted(cursor);
  return {"t." + name + equality(cursor) + "s." + name + equal,
          "t." + name + " IS NULL AND s." + name + " IS NULL" + equal};
}

/// Whether the target has a row on the position or beyond it that is the `same` as `s`.
std::string is_there(const RefreshTarget& target, const PlannedColumn& cursor, const std::string& same,
                     const std::string& start) {
  return "EXISTS (SELECT 1 FROM " + target.sql_only() + " AS t WHERE " + same + " AND (" +
         order_of(cursor, "t." + quoted(cursor)) + " OPERATOR(pg_catalog.>=) " + start + " OR " + start + " IS NULL))";
}

}  // namespace

void cut_before(const RefreshTarget& target, const std::string& rows, const LoadPlan& plan, const PlannedColumn& cursor,
                const ColumnChanges& changes, const std::optional<std::string>& position,
                const std::vector<std::size_t>& key, const std::optional<TableDistribution>& distribution) {
  const std::string start = position_sql(cursor, type_in(target.oid, cursor));
  const std::vector<pg::SqlParameter> parameters = parameters_of(position);
  const std::string erase = "DELETE FROM " + rows + " AS s WHERE ";
  pg::execute(erase + lies_before(cursor, start), parameters);
  if (!key.empty()) return;
  const std::vector<std::string> columns = compared_columns(plan, changes);
  const std::vector<std::string> conditions = distribution ? same_on_nodes(target, *distribution, plan, cursor, columns)
                                                           : std::vector<std::string>{same_record(cursor, columns)};
  for (const std::string& same : conditions) pg::execute(erase + is_there(target, cursor, same, start), parameters);
}

RowsBehind rows_behind(const RefreshTarget& target, const LoadPlan& plan, const PlannedColumn& cursor,
                       const std::optional<std::string>& position) {
  const std::string start = position_sql(cursor, type_in(target.oid, cursor), "$2");
  return {"(" + lies_before(cursor, start) + ") IS NOT TRUE AND NOT " +
              is_there(target, cursor, same_record(cursor, compared_columns(plan, ColumnChanges{})), start),
          parameters_of(position)};
}

std::optional<std::string> position_of(const PlannedColumn& cursor, Datum value) {
  const std::string type = type_sql(cursor.target.oid);
  return with_exact_output([&] {
    const char* output = pg::guard([&] {
      Oid function;
      bool is_varlena;
      getTypeOutputInfo(cursor.target.oid, &function, &is_varlena);
      return OidOutputFunctionCall(function, value);
    });
    const pg::SqlRows rows = pg::query(
        "SELECT " + position_text(cursor, type) + " FROM (SELECT " + position_sql(cursor, type) + " AS v) AS p",
        {{TEXTOID, std::string(output)}});
    return std::optional(pg::utf8_text(rows.at(0).at(0).value()));
  });
}

bool lies_beyond(const RefreshTarget& target, const PlannedColumn& cursor, const std::string& position,
                 const std::string& start) {
  const std::string type = type_in(target.oid, cursor);
  std::vector<pg::SqlParameter> parameters = parameters_of(position);
  parameters.push_back(parameters_of(start).front());
  const pg::SqlRows rows =
      pg::query("SELECT " + position_sql(cursor, type) + " OPERATOR(pg_catalog.>) " + position_sql(cursor, type, "$2"),
                parameters);
  return rows.at(0).at(0) == "t";
}

void check_progress(const LoadResult& result, const PlannedColumn& cursor) {
  if (!result.truncated) return;
  throw core::Error(ErrorNumber::cannot_load,
                    "the source has more than " + std::to_string(result.max_rows) +
                        " rows with the last value of the cursor column \"" + cursor.name + "\"",
                    "What lies beyond them can't be reached under this limit of rows.",
                    "Raise the limit (connector.max_rows, or \"max_rows\" of the request), or choose a cursor column "
                    "whose values differ more.");
}

}  // namespace connector::load
