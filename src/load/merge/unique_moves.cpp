#include "load/merge/unique_moves.hpp"

#include <algorithm>

#include "core/base/list_text.hpp"
#include "load/merge/row_sql.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

namespace {

/// One row for each column of each index that is checked row by row; its expressions and its condition count, too.
constexpr const char* indexes_query =
    "SELECT x.indexrelid, x.indisunique AND NOT x.indisexclusion AND x.indexprs IS NULL AND x.indpred IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM generate_series(0, x.indnkeyatts::int4 - 1) AS i (n) "
    "JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[i.n] "
    "JOIN pg_opclass o ON o.oid = x.indclass[i.n] WHERE NOT o.opcdefault "
    "OR a.attcollation <> x.indcollation[i.n]), x.indnullsnotdistinct, c.attnum FROM pg_index x CROSS JOIN LATERAL "
    "(SELECT x.indkey[i.n]::int4 AS attnum FROM generate_series(0, x.indnkeyatts::int4 - 1) AS i (n) UNION "
    "SELECT d.refobjsubid FROM pg_depend d WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = x.indexrelid "
    "AND d.refclassid = 'pg_class'::regclass::oid AND d.refobjid = x.indrelid) AS c WHERE x.indrelid = $1 "
    "AND x.indisready AND x.indimmediate AND (x.indisunique OR x.indisexclusion) AND c.attnum > 0 "
    "ORDER BY x.indexrelid, c.attnum";

constexpr const char* referenced_query =
    "SELECT DISTINCT k.n FROM pg_constraint c CROSS JOIN LATERAL unnest(c.confkey) AS k (n) WHERE c.contype = 'f' "
    "AND c.confrelid = $1";

std::string cast(const std::string& value, const MergeColumn& column) {
  return "CAST(" + value + " AS " + local_type_of(column.type, column.typmod).sql + ")";
}

}  // namespace

UniqueMoves::UniqueMoves(const RefreshTarget& target, const Staging& staging, const Difference& difference)
    : target_(target), staging_(staging), difference_(difference) {
  for (const auto& row : pg::catalog_query(referenced_query, {{OIDOID, std::to_string(target.oid)}})) {
    referenced_.push_back(static_cast<AttrNumber>(std::stoi(row[0].value())));
  }
  for (const UniqueIndex& index : read_indexes()) {
    const bool changes = std::ranges::any_of(index.columns, [](const MergeColumn* column) { return column->changed; });
    if (changes && mark(index)) colliding_.push_back(index);
  }
}

std::vector<UniqueMoves::UniqueIndex> UniqueMoves::read_indexes() const {
  std::vector<UniqueIndex> indexes;
  std::string last;
  for (const auto& row : pg::catalog_query(indexes_query, {{OIDOID, std::to_string(target_.oid)}})) {
    if (row[0] != last) indexes.push_back({row[1] == "t", row[2] == "t", {}});
    last = row[0].value();
    const AttrNumber number = static_cast<AttrNumber>(std::stoi(row[3].value()));
    const auto column =
        std::ranges::find_if(difference_.columns(), [&](const MergeColumn& other) { return other.number == number; });
    if (column != difference_.columns().end()) indexes.back().columns.push_back(&*column);
  }
  return indexes;
}

/// Whether any row is marked: where it can be told, those whose values another row is to get, else all that change.
bool UniqueMoves::mark(const UniqueIndex& index) const {
  std::string condition;
  std::string changes;
  bool plain = index.plain;
  for (const MergeColumn* column : index.columns) {
    const std::string equal = equality_of(column->type);
    plain = plain && !equal.empty();
    condition += " AND t." + column->name + equal + (column->staged != nullptr ? "s2." : "t2.") + column->name;
    if (column->staged == nullptr) continue;
    core::add_item(changes, Difference::differs(*column, "t." + column->name, "s." + column->name), " OR ");
  }
  if (changes.empty()) return false;
  std::string sql = "UPDATE " + staging_.difference() + " AS e SET moved = true FROM " + difference_.updates_from() +
                    " WHERE e.new OPERATOR(pg_catalog.=) d.new AND (" + changes + ")";
  if (plain && !index.nulls_collide) {
    sql += " AND EXISTS (SELECT 1 FROM " + difference_.updates_from("2") +
           " WHERE d2.new OPERATOR(pg_catalog.<>) d.new" + condition + ")";
  }
  return pg::execute(sql) > 0;
}

bool UniqueMoves::is_referenced(const MergeColumn& column) const {
  return std::ranges::find(referenced_, column.number) != referenced_.end();
}

std::string UniqueMoves::limit(const MergeColumn& column, const char* aggregate) const {
  const bool least = std::string_view(aggregate) == "min";
  const std::string call = std::string("(SELECT pg_catalog.") + aggregate + "(x." + column.name + ") FROM ";
  return (least ? "LEAST(" : "GREATEST(") + call + target_.sql_only() + " AS x), " + call + staging_.sql() + " AS x))";
}

/// SQL for a value that no row has and none is to get; d.n is the number of the row among those that are moved.
std::optional<std::string> UniqueMoves::free_value(const MergeColumn& column, bool below) const {
  const std::string sign = below ? " OPERATOR(pg_catalog.-) " : " OPERATOR(pg_catalog.+) ";
  const char* aggregate = below ? "min" : "max";
  const std::string random = "pg_catalog.gen_random_uuid()";
  switch (column.type) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case NUMERICOID:
    case FLOAT8OID:
      return cast(
          "CAST(" + limit(column, aggregate) + " AS pg_catalog.numeric)" + sign + "CAST(d.n AS pg_catalog.numeric)",
          column);
    case DATEOID:
      return limit(column, aggregate) + sign + "CAST(d.n AS pg_catalog.int4)";
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      return limit(column, aggregate) + sign + "pg_catalog.make_interval(secs => CAST(d.n AS pg_catalog.float8))";
    case UUIDOID:
      return random;
    case BYTEAOID:
      return "pg_catalog.uuid_send(" + random + ")";
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID: {
      const int length = column.typmod < static_cast<int>(VARHDRSZ) ? 32 : column.typmod - static_cast<int>(VARHDRSZ);
      return "pg_catalog.left(pg_catalog.replace(CAST(" + random + " AS pg_catalog.text), '-', ''), " +
             std::to_string(length) + ")";
    }
    default:
      return std::nullopt;
  }
}

std::optional<std::string> UniqueMoves::other_value(const UniqueIndex& index, const MergeColumn& column,
                                                    OutOfTheWay way) const {
  if (column.staged == nullptr || column.generated || column.always_identity || is_referenced(column)) return {};
  if (way == OutOfTheWay::null && !column.not_null && !index.nulls_collide) return "NULL";
  return free_value(column, way != OutOfTheWay::above);
}

std::optional<std::vector<std::string>> UniqueMoves::clear(OutOfTheWay way) const {
  std::vector<std::string> cleared;
  std::string assignments;
  for (const UniqueIndex& index : colliding_) {
    const auto is_cleared = [&](const MergeColumn* column) {
      return std::ranges::find(cleared, column->name) != cleared.end();
    };
    if (std::ranges::any_of(index.columns, is_cleared)) continue;
    // NULL in any column is best: then those that may be NULL first.
    std::vector<const MergeColumn*> columns = index.columns;
    std::ranges::stable_sort(columns, {}, [](const MergeColumn* column) { return column->not_null; });
    bool found = false;
    for (const MergeColumn* column : columns) {
      const std::optional<std::string> value = other_value(index, *column, way);
      if (!value) continue;
      core::add_item(assignments, column->name + " = " + *value);
      cleared.push_back(column->name);
      found = true;
      break;
    }
    if (!found) return std::nullopt;
  }
  const std::string difference = staging_.difference();
  pg::execute("WITH m AS (UPDATE " + target_.sql_only() + " AS t SET " + assignments +
              " FROM (SELECT x.*, pg_catalog.row_number() OVER () AS n FROM " + difference +
              " AS x WHERE x.moved) AS d WHERE " + difference_.same_row("t", "d") +
              " RETURNING d.new, t.tableoid AS part, t.ctid AS old) UPDATE " + difference +
              " AS e SET part = m.part, old = m.old FROM m WHERE e.new OPERATOR(pg_catalog.=) m.new");
  return cleared;
}

void UniqueMoves::replace() const {
  pg::execute("UPDATE " + staging_.difference() + " SET replaced = true WHERE moved");
}

}  // namespace connector::load
