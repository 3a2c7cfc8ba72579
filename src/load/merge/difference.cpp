#include "load/merge/difference.hpp"

#include <algorithm>

#include "core/base/list_text.hpp"
#include "load/merge/key_order_walk.hpp"
#include "load/merge/row_comparison.hpp"
#include "load/merge/row_sql.hpp"
#include "load/table/distribution.hpp"
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

namespace {

constexpr const char* rules_query =
    "SELECT 1 FROM pg_rewrite WHERE ev_class = $1 AND ev_type <> '1' AND ev_enabled <> 'D' LIMIT 1";

/// Storage of the table, or of a partition, that is not PostgreSQL's heap: there a ctid may mean nothing.
constexpr const char* other_storage_query =
    "SELECT 1 FROM pg_class c WHERE (c.oid = $1 OR c.oid = ANY (SELECT p.relid::oid "
    "FROM pg_partition_tree($1::regclass) p)) AND c.relkind <> 'p' AND (c.relkind <> 'r' OR c.relam <> (SELECT a.oid "
    "FROM pg_am a WHERE a.amname = 'heap')) LIMIT 1";

/// A unique index, by the columns' own equality, on some of the columns $2: no two rows share all their values.
constexpr const char* unique_query =
    "SELECT 1 FROM pg_index x WHERE x.indrelid = $1 AND x.indisunique AND x.indisvalid AND x.indpred IS NULL "
    "AND x.indexprs IS NULL AND NOT EXISTS (SELECT 1 FROM generate_series(0, x.indnkeyatts::int4 - 1) AS i (n) "
    "JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[i.n] "
    "JOIN pg_opclass o ON o.oid = x.indclass[i.n] WHERE NOT o.opcdefault OR a.attcollation <> x.indcollation[i.n] "
    "OR a.attnum <> ALL ($2::int2[])) LIMIT 1";

/// Whether the type's own equality tells, with little more, which values are the same: it is much cheaper than
/// comparing records.
bool knows_equality(const StagedColumn& column) {
  return equal_is_same(column) || column.type == NUMERICOID || column.type == FLOAT4OID || column.type == FLOAT8OID;
}

/// How the columns of the staging table are named where the target's own names could stand beside other ones.
std::string alias(std::size_t index) {
  return "c" + std::to_string(index + 1);
}

std::uint64_t count(const pg::SqlRows& rows, std::size_t column) {
  return std::stoull(rows.at(0).at(column).value_or("0"));
}

}  // namespace

bool equal_is_same(const StagedColumn& column) {
  switch (column.type) {
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case DATEOID:
    case TIMEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case UUIDOID:
    case BYTEAOID:
      return true;
    case TEXTOID:
    case VARCHAROID:
      return pg::guard([&] { return get_collation_isdeterministic(column.collation); });
    default:
      return false;
  }
}

std::vector<MergeColumn> merge_columns(const RefreshTarget& target, const std::vector<StagedColumn>& staged) {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT attnum, attname, atttypid, atttypmod, attcollation, attnotnull, attgenerated <> '', attidentity = 'a' "
      "FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
      {{OIDOID, std::to_string(target.oid)}});
  std::vector<MergeColumn> columns;
  for (const auto& row : rows) {
    const std::string name = pg::quote_name(row[1].value());
    const auto found = std::ranges::find_if(staged, [&](const StagedColumn& column) { return column.name == name; });
    columns.push_back({static_cast<AttrNumber>(std::stoi(*row[0])), name, pg::read_oid(row[2]), std::stoi(*row[3]),
                       pg::read_oid(row[4]), row[5] == "t", row[6] == "t", row[7] == "t",
                       found == staged.end() ? nullptr : &*found});
  }
  return columns;
}

bool is_key_unique(const RefreshTarget& target, const LoadPlan& plan, const std::vector<std::size_t>& key) {
  std::string attributes;
  for (const std::size_t index : key) {
    const Oid table = target.oid;
    const std::string name = pg::exact_server_text(plan.columns[index].name);
    core::add_item(attributes, std::to_string(pg::guard([&] { return get_attnum(table, name.c_str()); })), ",");
  }
  return !pg::catalog_query(unique_query, {{OIDOID, std::to_string(target.oid)}, {TEXTOID, "{" + attributes + "}"}})
              .empty();
}

bool needs_statements_apart(const RefreshTarget& target) {
  return distribution_of(target.oid) || pg::any_catalog_row(rules_query, target.oid);
}

Difference::Difference(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                       const std::vector<std::size_t>& key, std::string scope)
    : target_(target), staging_(staging), plan_(plan), key_(key), scope_(std::move(scope)) {
  columns_ = merge_columns(target, staging.columns());
  by_key_ = pg::any_catalog_row(other_storage_query, target.oid);
  parted_ = target.kind == RELKIND_PARTITIONED_TABLE;
  apart_ = needs_statements_apart(target);
  key_is_unique_ = is_key_unique(target, plan, key);
}

std::string Difference::same_row(const std::string& t, const std::string& d) const {
  if (!by_key_) {
    const std::string address = t + ".ctid OPERATOR(pg_catalog.=) " + d + ".old";
    return parted_ ? address + " AND " + t + ".tableoid OPERATOR(pg_catalog.=) " + d + ".part" : address;
  }
  std::string condition;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    const PlannedColumn& column = plan_.columns[key_[i]];
    core::add_item(condition, t + "." + quoted(column) + equality(column) + d + ".k" + std::to_string(i + 1), " AND ");
  }
  return condition;
}

std::string Difference::differs(const MergeColumn& column, const std::string& target, const std::string& staged) {
  std::string not_identical = record({target}, "") + " OPERATOR(pg_catalog.*<>) " + record({staged}, "");
  if (!knows_equality(*column.staged)) return not_identical;
  std::string condition = "(" + target + " OPERATOR(pg_catalog.<>) " + staged + ") IS NOT FALSE";
  if (!column.not_null && column.staged->has_nulls) {
    condition += " AND (" + target + " IS NOT NULL OR " + staged + " IS NOT NULL)";
  }
  switch (column.staged->type) {
    case FLOAT4OID:
    case FLOAT8OID:  // 0 and -0 are equal
      condition += " OR " + target + " OPERATOR(pg_catalog.=) '0' AND " + not_identical;
      break;
    case NUMERICOID:  // 1 and 1.0
      condition += " OR pg_catalog.scale(" + target + ") OPERATOR(pg_catalog.<>) pg_catalog.scale(" + staged + ")";
      break;
    default:
      break;
  }
  return "(" + condition + ")";
}

std::string Difference::updates_from(const std::string& suffix) const {
  const std::string d = "d" + suffix;
  const std::string t = "t" + suffix;
  const std::string s = "s" + suffix;
  return staging_.difference() + " AS " + d + " JOIN " + target_.sql_only() + " AS " + t + " ON " + same_row(t, d) +
         " JOIN " + staging_.sql() + " AS " + s + " ON " + s + ".ctid OPERATOR(pg_catalog.=) " + d + ".new AND " +
         same_key(plan_, key_, t + ".", s + ".");
}

std::string Difference::target_in_scope() const {
  return " FROM " + target_.sql_only() + " AS t" + (scope_.empty() ? "" : " WHERE " + scope_);
}

std::string Difference::target_rows(RowsOfOneKey rows_of_one_key) const {
  const std::vector<StagedColumn>& columns = staging_.columns();
  std::string rows =
      std::string("SELECT t.tableoid AS part, ") + (by_key_ ? "NULL::pg_catalog.tid" : "t.ctid") + " AS old";
  for (std::size_t i = 0; i < columns.size(); ++i) rows += ", t." + columns[i].name + " AS " + alias(i);
  if (rows_of_one_key == RowsOfOneKey::alike) return rows + target_in_scope();
  rows += ", pg_catalog.row_number() OVER (PARTITION BY " + core::joined(key_names(plan_, key_), ", ", "t.") +
          " ORDER BY t.tableoid, t.ctid) AS n" + target_in_scope();
  // Without one of the key's values nothing is equal to them.
  std::string selected = "SELECT n.part, n.old";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    selected += i == key_.front() ? ", CASE WHEN n.n OPERATOR(pg_catalog.=) 1::pg_catalog.int8 THEN n." + alias(i) +
                                        " END AS " + alias(i)
                                  : ", n." + alias(i);
  }
  return selected + " FROM (" + rows + ") AS n";
}

std::string Difference::staged_rows() const {
  std::string rows = "SELECT s.ctid AS new";
  for (std::size_t i = 0; i < staging_.columns().size(); ++i) {
    rows += ", s." + staging_.columns()[i].name + " AS " + alias(i);
  }
  return rows + " FROM " + staging_.sql() + " AS s";
}

/// That a row of the target and one of the staging table, which have equal keys, are not the same.
std::string Difference::condition_of_change() const {
  std::string condition;
  std::vector<std::string> others;
  for (const MergeColumn& column : columns_) {
    if (column.staged == nullptr) continue;
    const auto index = static_cast<std::size_t>(column.staged - staging_.columns().data());
    const std::string name = alias(index);
    if (equal_is_same(*column.staged) && std::ranges::find(key_, index) != key_.end()) continue;
    if (knows_equality(*column.staged)) {
      condition += " OR " + differs(column, "t." + name, "s." + name);
    } else {
      others.push_back(name);
    }
  }
  if (!others.empty()) {
    condition += " OR " + record(others, "t.") + " OPERATOR(pg_catalog.*<>) " + record(others, "s.");
  }
  return condition;
}

void Difference::find(MissingRows missing) {
  if (missing == MissingRows::kept || !find_by_walk()) {
    check_key_unique(staging_, plan_, key_);
    find_by_join(missing);
    analyze_difference();
  }
  count_found();
}

/// The rows were compared while they came, which may have taken long, and others may have written meanwhile: what has a
/// key now is what is to be changed, wherever it lies.
void Difference::find_rows_again() {
  std::string same;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    const PlannedColumn& column = plan_.columns[key_[i]];
    core::add_item(same, "t." + quoted(column) + equality(column) + "d.k" + std::to_string(i + 1), " AND ");
  }
  const std::string& difference = staging_.difference();
  pg::execute("UPDATE " + difference +
              " AS e SET part = n.part, old = n.old FROM (SELECT d.ctid AS place, t.tableoid "
              "AS part, t.ctid AS old FROM " +
              difference + " AS d LEFT JOIN (SELECT t.tableoid, t.ctid, " +
              core::joined(key_names(plan_, key_), ", ", "t.") + target_in_scope() + ") AS t ON " + same +
              ") AS n WHERE e.ctid OPERATOR(pg_catalog.=) n.place");
  pg::execute("DELETE FROM " + difference + " WHERE part IS NULL AND new IS NULL");
}

void Difference::take_found() {
  analyze_difference();
  find_rows_again();
  count_found();
}

void Difference::count_found() {
  const pg::SqlRows counts = pg::query(
      "SELECT pg_catalog.count(*) FILTER (WHERE new IS NULL), pg_catalog.count(*) FILTER (WHERE part IS NULL), "
      "pg_catalog.count(*) FILTER (WHERE new IS NOT NULL AND part IS NOT NULL) FROM " +
      staging_.difference());
  deletes_ = count(counts, 0);
  inserts_ = count(counts, 1);
  updates_ = count(counts, 2);
  if (updates_ > 0) find_changed_columns();
}

std::optional<std::string> Difference::rows_in_key_order() const {
  if (!key_is_unique_ || by_key_) return std::nullopt;
  for (const MergeColumn& column : columns_) {
    if (column.staged == nullptr) continue;
    // Images of values can be compared if they are of one type; and both tables must have the same order.
    if (column.collation != column.staged->collation) return std::nullopt;
    if (pg::guard([&] { return getBaseType(column.type) != getBaseType(column.staged->type); })) return std::nullopt;
  }
  if (!have_order(staging_, key_)) return std::nullopt;
  std::vector<std::string> key;
  for (const std::size_t index : key_) key.push_back(alias(index));
  return target_rows(RowsOfOneKey::alike) + " ORDER BY " + core::joined(key);
}

/// Where the rows came in the key's order, which most databases read a table in. False if they did not: nothing is
/// found then.
bool Difference::find_by_walk() {
  const std::optional<std::string> in_key_order = rows_in_key_order();
  if (!in_key_order) return false;
  const WalkResult walked = walk_in_key_order(staging_, key_, *in_key_order);
  if (walked.complete) {
    analyze_difference();
    if (walked.out_of_order == 0 || compare_rows_out_of_order()) return true;
  }
  pg::execute("DELETE FROM " + staging_.difference());
  return false;
}

/// Rows of the staging table that do not lie in the key's order are among those to be inserted: finds the rows of the
/// target that they belong to, which are among those to be deleted. False if a key of the staging table is there twice.
bool Difference::compare_rows_out_of_order() {
  const std::string& difference = staging_.difference();
  std::string same;
  std::string same_in_target;
  std::string keys;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    const std::string name = "k" + std::to_string(i + 1);
    const std::string equal = equality(plan_.columns[key_[i]]);
    core::add_item(keys, name);
    same += " AND n." + name + equal + "d." + name;
    core::add_item(same_in_target, "t." + quoted(plan_.columns[key_[i]]) + equal + "d." + name, " AND ");
  }
  // Few are known to be `moved`, and the planner's estimate is one row where there are hundreds.
  pg::with_settings({{"enable_nestloop", "off"}}, [&] {
    pg::execute("UPDATE " + difference + " AS n SET part = d.part, old = d.old FROM " + difference +
                " AS d WHERE n.moved AND d.new IS NULL" + same);
    pg::execute("DELETE FROM " + difference + " AS d USING " + difference +
                " AS n WHERE d.new IS NULL AND n.moved AND n.part OPERATOR(pg_catalog.=) d.part "
                "AND n.old OPERATOR(pg_catalog.=) d.old");
  });
  // Such a row whose key another one has belongs to a row of the target that is that one's already.
  const bool twice = !pg::query("SELECT 1 FROM " + difference + " WHERE new IS NOT NULL GROUP BY " + keys +
                                " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 LIMIT 1")
                          .empty() ||
                     !pg::query("SELECT 1 FROM " + difference + " AS d JOIN " + target_.sql_only() + " AS t ON " +
                                same_in_target + " WHERE d.moved AND d.part IS NULL LIMIT 1")
                          .empty();
  if (twice) return false;
  const std::string delete_same = "DELETE FROM " + difference + " AS d USING (" + target_rows(RowsOfOneKey::alike) +
                                  ") AS t, (" + staged_rows() +
                                  ") AS s WHERE d.moved AND t.part OPERATOR(pg_catalog.=) d.part "
                                  "AND t.old OPERATOR(pg_catalog.=) d.old AND s.new OPERATOR(pg_catalog.=) d.new "
                                  "AND (false" +
                                  condition_of_change() + ") IS NOT TRUE";
  // They lie in both tables in nearly the order in which they were found, so that few pages are read more than once.
  pg::with_settings({{"random_page_cost", "1"}}, [&] { pg::execute(delete_same); });
  pg::execute("UPDATE " + difference + " SET moved = false WHERE moved");
  analyze_difference();
  return true;
}

void Difference::analyze_difference() const {
  pg::with_settings({{"default_statistics_target", "10"}},
                    [&] { pg::execute("ANALYZE " + staging_.difference() + " (part, old, new)"); });
}

void Difference::find_by_join(MissingRows missing) {
  const bool ordered = have_order(staging_, key_);
  if (by_key_ && !key_is_unique_ && missing == MissingRows::deleted) delete_superfluous();

  std::string keys;
  std::string values;
  std::string same;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    const std::string name = alias(key_[i]);
    keys += ", k" + std::to_string(i + 1);
    values += ", COALESCE(t." + name + ", s." + name + ")";
    core::add_item(same, "t." + name + equality(plan_.columns[key_[i]]) + "s." + name, " AND ");
  }
  const bool set_apart = !key_is_unique_ && ordered && !by_key_ && missing == MissingRows::deleted;
  pg::execute("INSERT INTO " + staging_.difference() + " (part, old, new, moved, replaced" + keys +
              ") SELECT t.part, t.old, s.new, false, false" + values + " FROM (" +
              target_rows(set_apart ? RowsOfOneKey::only_first : RowsOfOneKey::alike) + ") AS t " +
              (missing == MissingRows::kept ? "RIGHT" : "FULL") + " JOIN (" + staged_rows() + ") AS s ON " + same +
              " WHERE s.new IS NULL OR t.part IS NULL" + condition_of_change());
}

/// Where rows are known by their keys only, a row that shares its key with others, or has none, can't be told.
void Difference::delete_superfluous() {
  const std::vector<std::string> names = key_names(plan_, key_);
  std::string same;
  std::string aliased;
  for (std::size_t i = 0; i < key_.size(); ++i) {
    core::add_item(same, "t." + names[i] + equality(plan_.columns[key_[i]]) + "x." + alias(i), " AND ");
    core::add_item(aliased, names[i] + " AS " + alias(i));
  }
  superfluous_ = pg::execute("DELETE" + target_in_scope() + (scope_.empty() ? " WHERE (" : " AND (") +
                             core::joined(names, " IS NULL OR ", "t.") + " IS NULL OR EXISTS (SELECT 1 FROM (SELECT " +
                             aliased + " FROM " + target_.sql_only() + " GROUP BY " + core::joined(names) +
                             " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1) AS x WHERE " + same + "))");
}

void Difference::find_changed_columns() {
  std::vector<std::string> conditions;
  for (const MergeColumn& column : columns_) {
    if (column.staged == nullptr) continue;
    conditions.push_back("pg_catalog.bool_or(" + differs(column, "t." + column.name, "s." + column.name) + ")");
  }
  const pg::SqlRows rows = pg::query("SELECT " + core::joined(conditions) + " FROM " + updates_from());
  std::size_t i = 0;
  for (MergeColumn& column : columns_) {
    if (column.staged != nullptr) column.changed = rows.at(0).at(i++) == "t";
  }
}

std::string Difference::delete_sql() const {
  return "DELETE FROM " + target_.sql_only() + " AS t USING " + staging_.difference() + " AS d WHERE " +
         same_row("t", "d") + " AND (d.new IS NULL OR d.replaced)";
}

std::string Difference::update_sql(const std::vector<std::string>& also_set) const {
  std::string assignments;
  for (const MergeColumn& column : columns_) {
    // Identity columns that are always generated take a value only when a row is inserted.
    if (column.staged == nullptr || column.always_identity) continue;
    if (!column.changed && std::ranges::find(also_set, column.name) == also_set.end()) continue;
    core::add_item(assignments, column.name + " = s." + column.name);
  }
  if (assignments.empty()) return {};
  return "UPDATE " + target_.sql_only() + " AS t SET " + assignments + " FROM " + staging_.difference() +
         " AS d JOIN " + staging_.sql() + " AS s ON s.ctid OPERATOR(pg_catalog.=) d.new WHERE " + same_row("t", "d") +
         " AND " + same_key(plan_, key_, "t.", "s.") + " AND NOT d.replaced";
}

std::string Difference::insert_sql() const {
  const std::vector<std::string> names = staging_.column_names();
  return "INSERT INTO " + target_.sql() + " (" + core::joined(names) + ") OVERRIDING SYSTEM VALUE SELECT " +
         core::joined(names, ", ", "s.") + " FROM " + staging_.difference() + " AS d JOIN " + staging_.sql() +
         " AS s ON s.ctid OPERATOR(pg_catalog.=) d.new WHERE d.part IS NULL";
}

std::string Difference::replace_sql() const {
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const MergeColumn& column : columns_) {
    if (column.generated) continue;
    names.push_back(column.name);
    values.push_back((column.staged != nullptr ? "s." : "t.") + column.name);
  }
  return "INSERT INTO " + target_.sql() + " (" + core::joined(names) + ") OVERRIDING SYSTEM VALUE SELECT " +
         core::joined(values) + " FROM " + updates_from() + " WHERE d.replaced";
}

Applied Difference::apply(const std::vector<std::string>& also_set) const {
  Applied applied;
  applied.deleted = superfluous_;
  if (empty()) return applied;
  const bool replaces =
      updates_ > 0 && !pg::query("SELECT 1 FROM " + staging_.difference() + " WHERE replaced LIMIT 1").empty();
  const std::string update = updates_ > 0 ? update_sql(also_set) : "";
  if (apart_) {
    if (deletes_ > 0) applied.deleted += pg::execute(delete_sql());
    if (!update.empty()) applied.updated = pg::execute(update);
    if (inserts_ > 0) applied.inserted = pg::execute(insert_sql());
    applied.complete = is_complete(applied);
    return applied;
  }
  // All parts see the table as it is before. Foreign keys are checked when all are done, but unique values row by row:
  // so each part waits for the one before it.
  std::string parts;
  std::string before;
  const auto add = [&](const std::string& name, const std::string& sql) {
    parts += (parts.empty() ? "WITH " : ", ") + name + " AS (" + sql;
    if (!before.empty()) {
      parts += " AND (SELECT pg_catalog.count(*) FROM " + before + ") OPERATOR(pg_catalog.>=) 0::pg_catalog.int8";
    }
    parts += " RETURNING 1)";
    before = name;
  };
  std::string counts;
  const auto count_of = [&](bool there, const std::string& name) {
    core::add_item(counts, there ? "(SELECT pg_catalog.count(*) FROM " + name + ")" : "0");
  };
  const bool deletes = deletes_ > 0 || replaces;
  if (deletes) add("gone", delete_sql());
  if (!update.empty()) add("changed", update);
  if (replaces) add("replaced", replace_sql());
  if (inserts_ > 0) add("added", insert_sql());
  if (parts.empty()) {
    applied.complete = is_complete(applied);
    return applied;
  }
  count_of(deletes, "gone");
  count_of(!update.empty(), "changed");
  count_of(replaces, "replaced");
  count_of(inserts_ > 0, "added");
  const pg::SqlRows rows = pg::query(parts + " SELECT " + counts);
  const std::uint64_t replaced = count(rows, 2);
  applied.deleted += count(rows, 0) - std::min(count(rows, 0), replaced);
  applied.updated = count(rows, 1) + replaced;
  applied.inserted = count(rows, 3);
  applied.complete = is_complete(applied);
  return applied;
}

bool Difference::is_complete(const Applied& applied) const {
  return applied.deleted >= deletes_ + superfluous_ && applied.updated >= updates_ && applied.inserted >= inserts_;
}

}  // namespace connector::load
