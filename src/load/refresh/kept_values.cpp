#include "load/refresh/kept_values.hpp"

#include "core/base/error.hpp"
#include "load/merge/row_sql.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
}

namespace connector::load {

namespace {

struct Conversion {
  std::string column;  ///< UTF-8
  LocalType from;
  LocalType to;
};

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw core::Error(core::ErrorNumber::incompatible_schemas, what, why,
                    "Alter the column's type yourself, or change the values; then have the table refreshed again.");
}

std::string in_words(const RefreshTarget& target, const Conversion& conversion) {
  return "column \"" + conversion.column + "\" of " + target.shown() +
         " can't follow the source: its values do not convert from " + pg::utf8_text(conversion.from.shown) + " to " +
         pg::utf8_text(conversion.to.shown);
}

/// Whether the error says that values or types do not convert, not that something else went wrong.
bool is_about_types(const pg::PgError& error) {
  const int code = error.sqlerrcode();
  return ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) ||
         ERRCODE_TO_CATEGORY(code) == ERRCODE_TO_CATEGORY(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION) ||
         code == ERRCODE_CANNOT_COERCE || code == ERRCODE_DATATYPE_MISMATCH || code == ERRCODE_FEATURE_NOT_SUPPORTED;
}

std::string words_of(const pg::PgError& error) {
  std::string text = pg::utf8_text(error.what());
  if (!text.ends_with('.')) text += '.';
  return text;
}

/// SQL that is true for a row of `t` whose value would not survive the way to the other type and back. Numbers may get
/// another number of digits; everything else is compared as it is stored.
std::string is_lost(const Conversion& conversion, const std::string& column) {
  const std::string old = "t." + column;
  const std::string back = "(" + old + "::" + conversion.to.sql + ")::" + conversion.from.sql;
  const bool numeric = pg::guard([&] { return getBaseType(conversion.from.oid) == NUMERICOID; });
  const std::string same = numeric ? back + " OPERATOR(pg_catalog.=) " + old
                                   : "pg_catalog.record_image_eq(ROW(" + back + "), ROW(" + old + "))";
  return old + " IS NOT NULL AND NOT COALESCE(" + same + ", false)";
}

/// Where the rows of one table are treated otherwise than those of another, CASE decides which condition is evaluated:
/// PostgreSQL promises no order for the operands of AND and OR.
std::string is_wrong(const RefreshTarget& target, const Conversion& conversion, const std::string& column,
                     OwnRows own) {
  std::string lost = is_lost(conversion, column);
  if (own == OwnRows::kept) return lost;
  std::string failed = own == OwnRows::deleted
                           ? "false"
                           : "t." + column + " IS NOT NULL AND (t." + column + "::" + conversion.to.sql + ") IS NULL";
  if (!target.has_children) return failed;
  return "CASE WHEN t.tableoid OPERATOR(pg_catalog.=) " + std::to_string(target.oid) + "::pg_catalog.oid THEN " +
         failed + " ELSE " + lost + " END";
}

void check_conversion(const RefreshTarget& target, const Conversion& conversion, const std::string& column,
                      OwnRows own) {
  pg::SqlRows rows;
  try {
    rows = pg::query("SELECT pg_catalog.left(t." + column + "::pg_catalog.text, 100) FROM " + target.sql() +
                     " AS t WHERE " + is_wrong(target, conversion, column, own) + " LIMIT 1");
  } catch (const pg::PgError& error) {
    if (!is_about_types(error)) throw;
    refuse(in_words(target, conversion), words_of(error));
  }
  if (rows.empty()) return;
  refuse(in_words(target, conversion),
         "Rows that the source does not send any more would not keep their values, such as \"" +
             pg::utf8_text(rows[0][0].value_or("")) + "\".");
}

}  // namespace

void check_kept_values(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes, OwnRows own) {
  // A foreign table's values are elsewhere.
  if (changes.retyped.empty() || target.kind == RELKIND_FOREIGN_TABLE) return;
  if (pg::guard([&] { return check_enable_rls(target.oid, target.owner, true) == RLS_ENABLED; })) {
    refuse(target.shown() + " can't follow the source, where columns have other types",
           "Its row security may hide rows from its owner: nobody could tell whether their values convert.");
  }
  // With its children: what was looked at must not change before it is converted.
  pg::execute("LOCK TABLE " + target.sql() + " IN ACCESS EXCLUSIVE MODE");
  if (own == OwnRows::deleted && !target.has_children) return;
  for (const std::size_t index : changes.retyped) {
    const PlannedColumn& column = plan.columns[index];
    const TargetColumn* local = target.find(pg::exact_server_text(column.name));
    const Conversion conversion{column.name, local_type_of(local->type, local->typmod), column.target};
    check_conversion(target, conversion, pg::quote_name(local->name), own);
  }
}

void alter_emptied(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes) {
  const bool kept = !pg::query("SELECT 1 FROM " + target.sql_only() + " LIMIT 1").empty();
  if (kept) check_kept_values(target, plan, changes, OwnRows::kept);
  pg::execute(alter_statements(target, plan, changes,
                               kept || target.has_children ? RetypedValues::kept : RetypedValues::nulled));
}

void refuse_kept_rows(const RefreshTarget& target) {
  refuse(target.shown() + " can't follow the source, where columns have other types",
         "A trigger or a rule keeps rows as they are.");
}

void alter_keeping_values(const RefreshTarget& target, const LoadPlan& plan, const ColumnChanges& changes,
                          OwnRows own) {
  if (!changes.any()) return;
  pg::with_fixed_formats([&] {
    check_kept_values(target, plan, changes, own);
    try {
      pg::execute(alter_statements(target, plan, changes, RetypedValues::kept));
    } catch (const pg::PgError& error) {
      // A default, for example, may not convert.
      if (changes.retyped.empty() || !is_about_types(error)) throw;
      refuse(target.shown() + " can't follow the source, where columns have other types", words_of(error));
    }
  });
}

}  // namespace connector::load
