#include "load/merge/key_check.hpp"

#include <optional>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/merge/row_sql.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

namespace connector::load {

namespace {

std::string shown_key(const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::string list;
  for (const std::size_t index : key) core::add_item(list, plan.columns[index].name);
  return list;
}

/// `Key (a, b)=(1, 2)`, as PostgreSQL words it.
std::string shown_values(const LoadPlan& plan, const std::vector<std::size_t>& key,
                         const std::vector<std::optional<std::string>>& row) {
  std::string values;
  for (const auto& value : row) core::add_item(values, value ? pg::utf8_text(*value) : "null");
  return "Key (" + shown_key(plan, key) + ")=(" + values + ")";
}

[[noreturn]] void refuse(const KeyedRows& rows, const std::string& what,
                         const std::vector<std::optional<std::string>>& row) {
  throw core::Error(
      core::ErrorNumber::cannot_load, "the source has " + what + " in the key (" + shown_key(rows.plan, rows.key) + ")",
      shown_values(rows.plan, rows.key, row) + ".", "Choose a \"key\" that tells all rows apart.", rows.permanent);
}

}  // namespace

void refuse_null_keys(const KeyedRows& rows, const std::vector<bool>& has_nulls) {
  const std::string list = core::joined(key_names(rows.plan, rows.key));
  for (const std::size_t index : rows.key) {
    equality(rows.plan.columns[index]);
    if (!has_nulls[index]) continue;
    const pg::SqlRows nulls = pg::query("SELECT " + list + " FROM " + rows.table + " WHERE " +
                                        quoted(rows.plan.columns[index]) + " IS NULL LIMIT 1");
    if (!nulls.empty()) refuse(rows, "NULL values", nulls[0]);
  }
}

void refuse_equal_keys(const KeyedRows& rows) {
  const std::string list = core::joined(key_names(rows.plan, rows.key));
  const pg::SqlRows twice = pg::query("SELECT " + list + " FROM " + rows.table + " GROUP BY " + list +
                                      " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1");
  if (!twice.empty()) refuse(rows, "the same values twice", twice[0]);
}

}  // namespace connector::load
