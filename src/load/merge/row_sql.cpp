#include "load/merge/row_sql.hpp"

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace connector::load {

namespace {

std::string image_function(const char* name, const std::vector<std::string>& columns, const std::string& left,
                           const std::string& right) {
  return std::string("pg_catalog.") + name + "(ROW(" + core::joined(columns, ", ", left) + "), ROW(" +
         core::joined(columns, ", ", right) + "))";
}

}  // namespace

std::string quoted(const PlannedColumn& column) {
  return pg::quote_name(pg::exact_server_text(column.name));
}

std::string record(const std::vector<std::string>& columns, const std::string& prefix) {
  // Without the cast it would be the columns that are compared, one by one.
  return "CAST(ROW(" + core::joined(columns, ", ", prefix) + ") AS pg_catalog.record)";
}

std::string images_equal(const std::vector<std::string>& columns, const std::string& left, const std::string& right) {
  return image_function("record_image_eq", columns, left, right);
}

std::string images_differ(const std::vector<std::string>& columns, const std::string& left, const std::string& right) {
  return image_function("record_image_ne", columns, left, right);
}

std::string equality_of(Oid type) {
  const Oid found = pg::guard([&] { return lookup_type_cache(getBaseType(type), TYPECACHE_EQ_OPR)->eq_opr; });
  if (!OidIsValid(found)) return {};
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT quote_ident(n.nspname) || '.' || o.oprname FROM pg_operator o "
      "JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = $1",
      {{OIDOID, std::to_string(found)}});
  return " OPERATOR(" + rows.at(0).at(0).value() + ") ";
}

std::string equality(const PlannedColumn& column) {
  std::string found = equality_of(column.target.oid);
  if (!found.empty()) return found;
  throw core::Error(core::ErrorNumber::invalid_parameters, "column \"" + column.name + "\" of the key has type " +
                                                               pg::utf8_text(column.target.shown) +
                                                               ", whose values can't be compared");
}

std::vector<std::string> key_names(const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::vector<std::string> names;
  for (const std::size_t index : key) names.push_back(quoted(plan.columns[index]));
  return names;
}

std::string same_key(const LoadPlan& plan, const std::vector<std::size_t>& key, const std::string& left,
                     const std::string& right) {
  std::string condition;
  for (const std::size_t index : key) {
    const PlannedColumn& column = plan.columns[index];
    core::add_item(condition, left + quoted(column) + equality(column) + right + quoted(column), " AND ");
  }
  return condition;
}

}  // namespace connector::load
