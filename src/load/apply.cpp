#include "load/apply.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "load/default_columns.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace connector::load {

using core::ErrorNumber;

namespace {

std::string joined(const std::vector<std::string>& items, const std::string& prefix = "",
                   const std::string& separator = ", ") {
  std::string list;
  for (const std::string& item : items) list += (list.empty() ? "" : separator) + prefix + item;
  return list;
}

/// The columns of a row as one value, to be compared as it is stored: every type can be, and what is equal but shown
/// differently is a difference, too. Without the cast it would be the columns that are compared, one by one.
std::string record(const std::vector<std::string>& columns, const std::string& prefix) {
  return "CAST(ROW(" + joined(columns, prefix) + ") AS pg_catalog.record)";
}

std::string quoted(const PlannedColumn& column) {
  return pg::quote_name(pg::exact_server_text(column.name));
}

/// " COLLATE …" where the column has another collation than its type.
std::string collation(const TargetColumn* column) {
  if (column == nullptr || !OidIsValid(column->collation)) return {};
  if (pg::guard([&] { return get_typcollation(column->type); }) == column->collation) return {};
  const pg::SqlRows rows = pg::query(
      "SELECT pg_catalog.format('%I.%I', n.nspname, c.collname) FROM pg_catalog.pg_collation c "
      "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.collnamespace "
      "WHERE c.oid OPERATOR(pg_catalog.=) $1",
      {{OIDOID, std::to_string(column->collation)}});
  return " COLLATE " + rows.at(0).at(0).value();
}

/// The type's own equality as an SQL operator, wherever it is.
std::string equality(const PlannedColumn& column) {
  const Oid found = pg::guard([&] {
    const Oid type = getBaseType(column.target.oid);
    return lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
  });
  if (!OidIsValid(found)) {
    throw core::Error(ErrorNumber::invalid_parameters, "column \"" + column.name + "\" of the key has type " +
                                                           pg::utf8_text(std::string_view(column.target.shown)) +
                                                           ", whose values can't be compared");
  }
  const pg::SqlRows rows = pg::query(
      "SELECT pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) o.oprname "
      "FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace "
      "WHERE o.oid OPERATOR(pg_catalog.=) $1",
      {{OIDOID, std::to_string(found)}});
  return " OPERATOR(" + rows.at(0).at(0).value() + ") ";
}

std::string same_key(const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::string condition;
  for (const std::size_t index : key) {
    const PlannedColumn& column = plan.columns[index];
    condition += (condition.empty() ? "t." : " AND t.") + quoted(column) + equality(column) + "s." + quoted(column);
  }
  return condition;
}

std::vector<std::string> key_names(const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::vector<std::string> names;
  for (const std::size_t index : key) names.push_back(quoted(plan.columns[index]));
  return names;
}

std::string shown_key(const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::string list;
  for (const std::size_t index : key) list += (list.empty() ? "" : ", ") + plan.columns[index].name;
  return list;
}

/// `Key (a, b)=(1, 2)`, as PostgreSQL words it.
std::string shown_values(const LoadPlan& plan, const std::vector<std::size_t>& key,
                         const std::vector<std::optional<std::string>>& row) {
  std::string values;
  for (const auto& value : row) {
    values += (values.empty() ? "" : ", ") + (value ? pg::utf8_text(std::string_view(*value)) : "null");
  }
  return "Key (" + shown_key(plan, key) + ")=(" + values + ")";
}

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
      return value;
    default:
      throw core::Error(ErrorNumber::invalid_parameters,
                        "column \"" + cursor.name + "\" of type " +
                            pg::utf8_text(std::string_view(cursor.target.shown)) + " can't be a cursor",
                        "A cursor is a number, a date, a timestamp, a uuid or text.");
  }
}

std::string maximum_of(const RefreshTarget& target, const PlannedColumn& cursor) {
  const std::string order = order_of(cursor, "m." + quoted(cursor));
  return "(SELECT " + order + " FROM " + target.sql_only() + " AS m WHERE m." + quoted(cursor) +
         " IS NOT NULL ORDER BY " + order + " USING OPERATOR(pg_catalog.>) LIMIT 1)";
}

}  // namespace

Staging::Staging(const RefreshTarget& target, const LoadPlan& plan, bool default_geometry)
    : sql_("pg_temp.connector_staging_" + std::to_string(target.oid)) {
  std::string definitions;
  for (const PlannedColumn& column : plan.columns) {
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    const bool same_type = local != nullptr && local->type == column.target.oid;
    columns_.push_back(quoted(column));
    definitions += (definitions.empty() ? "" : ", ") + columns_.back() + " " + column.target.sql +
                   (same_type ? collation(local) : "");
  }
  if (default_geometry) {
    for (const std::string& column : geometry_columns()) {
      const TargetColumn* local = target.find(column);
      if (local == nullptr) break;
      columns_.push_back(pg::quote_name(column));
      definitions += ", " + columns_.back() + " " + local_type_of(local->type, local->typmod).sql;
    }
    has_geometry_ = columns_.size() > plan.columns.size();
  }
  pg::execute("CREATE TEMPORARY TABLE " + sql_ + " (" + definitions + ") ON COMMIT DROP");
  oid_ = static_cast<Oid>(
      std::stoul(*pg::query("SELECT '" + sql_ + "'::pg_catalog.regclass::pg_catalog.oid").at(0).at(0)));
}

void Staging::analyze() {
  pg::execute("ANALYZE " + sql_);
}

void Staging::drop() {
  pg::execute("DROP TABLE " + sql_);
}

void check_key(const Staging& staging, const LoadPlan& plan, const std::vector<std::size_t>& key) {
  const std::vector<std::string> names = key_names(plan, key);
  const std::string list = joined(names);
  const auto fail = [&](const std::string& what, const pg::SqlRows& rows) {
    throw core::Error(ErrorNumber::cannot_load, "the source has " + what + " in the key (" + shown_key(plan, key) + ")",
                      shown_values(plan, key, rows[0]) + ".", "Choose a \"key\" that tells all rows apart.");
  };
  const pg::SqlRows nulls = pg::query("SELECT " + list + " FROM " + staging.sql() + " WHERE " +
                                      joined(names, "", " IS NULL OR ") + " IS NULL LIMIT 1");
  if (!nulls.empty()) fail("NULL values", nulls);
  for (const std::size_t index : key) equality(plan.columns[index]);
  const pg::SqlRows twice = pg::query("SELECT " + list + " FROM " + staging.sql() + " GROUP BY " + list +
                                      " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1");
  if (!twice.empty()) fail("the same values twice", twice);
}

Applied apply_insert(const RefreshTarget& target, const Staging& staging) {
  const std::string list = joined(staging.columns());
  Applied applied;
  applied.inserted = pg::execute("INSERT INTO " + target.sql() + " (" + list + ") OVERRIDING SYSTEM VALUE SELECT " +
                                 list + " FROM " + staging.sql());
  return applied;
}

Applied apply_rewrite(const RefreshTarget& target, const Staging& staging, const std::string& alter) {
  const std::uint64_t deleted = pg::execute("DELETE FROM " + target.sql_only());
  if (!alter.empty()) pg::execute(alter);
  Applied applied = apply_insert(target, staging);
  applied.deleted = deleted;
  return applied;
}

Applied apply_merge(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, bool keep_missing) {
  const std::string same = same_key(plan, key);
  const std::vector<std::string> names = key_names(plan, key);
  std::vector<std::string> others;
  std::string assignments;
  for (const std::string& column : staging.columns()) {
    if (std::ranges::find(names, column) != names.end()) continue;
    others.push_back(column);
    assignments += (assignments.empty() ? "" : ", ") + column + " = s." + column;
  }
  Applied applied;
  if (!keep_missing) {
    applied.deleted = pg::execute("DELETE FROM " + target.sql_only() + " AS t WHERE NOT EXISTS (SELECT 1 FROM " +
                                  staging.sql() + " AS s WHERE " + same + ")");
  }
  if (!others.empty()) {
    applied.updated = pg::execute("UPDATE " + target.sql_only() + " AS t SET " + assignments + " FROM " +
                                  staging.sql() + " AS s WHERE " + same + " AND " + record(others, "t.") +
                                  " OPERATOR(pg_catalog.*<>) " + record(others, "s."));
  }
  applied.inserted =
      pg::execute("INSERT INTO " + target.sql() + " (" + joined(staging.columns()) +
                  ") OVERRIDING SYSTEM VALUE SELECT " + joined(staging.columns(), "s.") + " FROM " + staging.sql() +
                  " AS s WHERE NOT EXISTS (SELECT 1 FROM " + target.sql_only() + " AS t WHERE " + same + ")");
  return applied;
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

}  // namespace connector::load
