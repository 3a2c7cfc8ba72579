#include "load/merge/apply.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/merge/difference.hpp"
#include "load/merge/row_sql.hpp"
#include "load/merge/unique_moves.hpp"
#include "load/table/distribution.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

using core::ErrorNumber;

std::string foreign_keys(const RefreshTarget& target, const char* actions) {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT DISTINCT format('%I of table %s', c.conname, c.conrelid::regclass) FROM pg_constraint c "
      "WHERE c.contype = 'f' AND c.confrelid = $1 AND strpos($2, c.confdeltype::text) > 0 ORDER BY 1",
      {{OIDOID, std::to_string(target.oid)}, {TEXTOID, actions}});
  std::string list;
  for (const auto& row : rows) core::add_item(list, pg::utf8_text(row[0].value_or("")));
  return list;
}

bool is_collision(const pg::PgError& error) {
  return error.sqlerrcode() == ERRCODE_UNIQUE_VIOLATION || error.sqlerrcode() == ERRCODE_EXCLUSION_VIOLATION;
}

namespace {

/// Those that do something to the rows of other tables (or of this one) when a row of the table is deleted: CASCADE,
/// SET NULL, SET DEFAULT.
std::string followed_deletes(const RefreshTarget& target) {
  return foreign_keys(target, "cnd");
}

std::string insert_from(const std::string& table, const std::vector<std::string>& columns, const std::string& from) {
  const std::string list = core::joined(columns);
  return "INSERT INTO " + table + " (" + list + ") OVERRIDING SYSTEM VALUE SELECT " + list + " FROM " + from;
}

std::string insert_incoming(const std::string& table, const LoadPlan& plan, const IncomingRows& rows,
                            const std::string& before = "NULL") {
  std::vector<std::string> columns;
  for (const PlannedColumn& column : plan.columns) columns.push_back(quoted(column));
  return insert_from(table, columns, rows.sql("s", before));
}

/// Whether a trigger, a foreign key of or to the table, or of a partition of it, may look at the rows when a statement
/// ends.
bool is_looked_at(const RefreshTarget& target) {
  return pg::any_catalog_row(
      "SELECT 1 FROM pg_trigger WHERE tgenabled <> 'D' AND (tgrelid = $1 OR tgrelid = ANY (SELECT p.relid::oid "
      "FROM pg_partition_tree($1::regclass) p)) LIMIT 1",
      target.oid);
}

/// Whether constraints, policies or triggers don't take a value that stands in a row for a moment only; else the error
/// is the transaction's or the server's.
bool is_refusal(const pg::PgError& error) {
  switch (ERRCODE_TO_CATEGORY(error.sqlerrcode())) {
    case ERRCODE_TO_CATEGORY(ERRCODE_TRANSACTION_ROLLBACK):
    case ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES):
    case ERRCODE_TO_CATEGORY(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE):
    case ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION):
    case ERRCODE_TO_CATEGORY(ERRCODE_SYSTEM_ERROR):
    case ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR):
      return false;
    default:
      return true;
  }
}

/// A column that is GENERATED ALWAYS AS IDENTITY takes a value only when a row is inserted.
void replace_changed_identities(const RefreshTarget& target, const Staging& staging, const Difference& difference) {
  for (const MergeColumn& column : difference.columns()) {
    if (!column.changed || !column.always_identity) continue;
    const std::string in_the_way = foreign_keys(target, "cndr");
    if (!in_the_way.empty() || difference.statements_apart()) {
      throw changed_identity(
          target, column,
          in_the_way.empty() ? "" : "Such rows can't be inserted anew, as others refer to them: " + in_the_way + ".");
    }
    pg::execute("UPDATE " + staging.difference() + " AS e SET replaced = true FROM " + difference.updates_from() +
                " WHERE e.new OPERATOR(pg_catalog.=) d.new AND " +
                Difference::differs(column, "t." + column.name, "s." + column.name));
  }
}

/// Applies rows that get unique values which others give up. Nothing if no way leads there.
std::optional<Applied> apply_past_each_other(const RefreshTarget& target, const Staging& staging,
                                             const Difference& difference) {
  const UniqueMoves moves(target, staging, difference);
  if (!moves.any()) return std::nullopt;
  std::optional<Applied> applied;
  const auto attempt = [&](auto&& prepare) {
    try {
      pg::in_subtransaction([&] {
        const std::optional<std::vector<std::string>> also_set = prepare();
        if (also_set) applied = difference.apply(*also_set);
      });
    } catch (const pg::PgError& error) {
      if (!is_refusal(error)) throw;
      applied.reset();
    }
    return applied.has_value();
  };
  for (const OutOfTheWay way : {OutOfTheWay::null, OutOfTheWay::below, OutOfTheWay::above}) {
    if (attempt([&] { return moves.clear(way); })) return applied;
  }
  if (followed_deletes(target).empty()) {
    attempt([&] {
      moves.replace();
      return std::optional<std::vector<std::string>>(std::in_place);
    });
  }
  return applied;
}

/// What `insert` does for a sync by append.
template <typename Insert>
Applied appended(Insert&& insert) {
  try {
    return insert();
  } catch (const pg::PgError& error) {
    if (!is_collision(error)) throw;
    throw with_hint(error,
                    "Name the columns that tell rows apart in \"key\" of \"sync\": then rows that are here already are "
                    "updated.");
  }
}

}  // namespace

core::Error with_hint(const pg::PgError& error, const char* hint) {
  const auto text = [](const std::optional<std::string>& field) {
    return field ? pg::utf8_text(*field) : std::string();
  };
  return core::Error(ErrorNumber::cannot_load, text(error.fields().message), text(error.fields().detail), hint);
}

core::Error changed_identity(const RefreshTarget& target, const MergeColumn& column, const std::string& detail) {
  const std::string name = pg::utf8_text(column.name);
  return core::Error(ErrorNumber::cannot_load,
                     "column " + name + " of " + target.shown() +
                         " is generated always as identity, and the source has other values for rows that are there",
                     detail, "ALTER TABLE … ALTER COLUMN " + name + " SET GENERATED BY DEFAULT.");
}

Applied apply_insert(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows) {
  Applied applied;
  applied.inserted = pg::execute(insert_from(target.sql(), columns.column_names(), rows));
  return applied;
}

Applied apply_append(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows) {
  return appended([&] { return apply_insert(target, columns, rows); });
}

Applied stream_insert(const std::string& table, const LoadPlan& plan, IncomingRows& rows) {
  Applied applied;
  applied.inserted = rows.execute(insert_incoming(table, plan, rows));
  return applied;
}

Applied stream_append(const RefreshTarget& target, const LoadPlan& plan, IncomingRows& rows,
                      const std::string& condition, const std::vector<pg::SqlParameter>& parameters) {
  return appended([&] {
    Applied applied;
    applied.inserted = rows.execute(insert_incoming(target.sql(), plan, rows) + " WHERE " + condition, parameters);
    return applied;
  });
}

void check_published(const RefreshTarget& target) {
  const bool refused = pg::any_catalog_row(
      "SELECT 1 FROM pg_class c WHERE c.oid = $1 AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS "
      "(SELECT 1 FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)) AND c.relpersistence = 'p' AND EXISTS "
      "(SELECT 1 FROM pg_publication p CROSS JOIN LATERAL pg_get_publication_tables(p.pubname::text) AS t "
      "WHERE (p.pubdelete OR p.pubupdate) AND t.relid = c.oid)",
      target.oid);
  if (!refused) return;
  throw core::Error(ErrorNumber::cannot_load,
                    target.shown() + " can't be refreshed: it is in a publication, and has no replica identity", {},
                    "ALTER TABLE … REPLICA IDENTITY FULL, or give it a primary key.");
}

void check_delete_and_insert(const RefreshTarget& target) {
  const std::string followed = followed_deletes(target);
  if (followed.empty()) return;
  throw core::Error(
      ErrorNumber::dependents_in_the_way,
      target.shown() + " can't be refreshed as a whole: rows of other tables go with its rows",
      "It has no key by which its rows could be told apart, and these foreign keys delete or change rows "
      "that refer to deleted ones: " +
          followed + ".",
      "Refer to columns that come from the source, name such a key in \"sync\" with \"mode\" \"merge\", or "
      "let the foreign keys be ON DELETE NO ACTION.");
}

Applied apply_delete_and_insert(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows,
                                const std::function<void()>& alter) {
  const std::string erase = "DELETE FROM " + target.sql_only();
  const std::string insert = insert_from(target.sql(), columns.column_names(), rows);
  Applied applied;
  if (alter || needs_statements_apart(target)) {
    applied.deleted = pg::execute(erase);
    if (alter) alter();
    applied.inserted = pg::execute(insert);
    return applied;
  }
  // Foreign keys are checked at the end: what others refer to may come again.
  const pg::SqlRows counts =
      pg::query("WITH gone AS (" + erase + " RETURNING 1), added AS (" + insert +
                " WHERE (SELECT pg_catalog.count(*) FROM gone) OPERATOR(pg_catalog.>=) 0::pg_catalog.int8 RETURNING 1) "
                "SELECT (SELECT pg_catalog.count(*) FROM gone), (SELECT pg_catalog.count(*) FROM added)");
  applied.deleted = std::stoull(counts.at(0).at(0).value());
  applied.inserted = std::stoull(counts.at(0).at(1).value());
  return applied;
}

Applied stream_delete_and_insert(const RefreshTarget& target, const LoadPlan& plan, IncomingRows& rows) {
  const std::string erase = "DELETE FROM " + target.sql_only();
  Applied applied;
  if (distribution_of(target.oid) || !is_looked_at(target)) {
    applied.deleted = pg::execute(erase);
    check_unchanged(target);
    applied.inserted = rows.execute(insert_incoming(target.sql(), plan, rows));
    return applied;
  }
  // No RETURNING behind INSERT: what came of it would be stored, and postgres_fdw would send row by row.
  applied.inserted = rows.execute("WITH gone AS (" + erase + " RETURNING 1) " +
                                  insert_incoming(target.sql(), plan, rows, "(SELECT pg_catalog.count(*) FROM gone)"));
  applied.deleted = static_cast<std::uint64_t>(rows.value_before().value_or(0));
  return applied;
}

namespace {

Applied apply_difference(const RefreshTarget& target, const Staging& staging, const Difference& difference) {
  if (difference.updates() > 0) replace_changed_identities(target, staging, difference);
  if (difference.statements_apart()) return difference.apply();
  std::optional<pg::PgError> collision;
  try {
    Applied applied;
    pg::in_subtransaction([&] { applied = difference.apply(); });
    return applied;
  } catch (const pg::PgError& error) {
    if (!is_collision(error)) throw;
    collision = error;
  }
  if (difference.updates() > 0) {
    if (const std::optional<Applied> applied = apply_past_each_other(target, staging, difference)) return *applied;
  }
  throw with_hint(
      *collision,
      "If the source has such values in one row only, rows exchange them: a DEFERRABLE constraint is checked "
      "when all rows have changed. Else drop the constraint, or leave rows out with \"sql_query\".");
}

}  // namespace

Applied apply_merge(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, MissingRows missing, const std::string& scope) {
  Difference difference(target, staging, plan, key, scope);
  difference.find(missing);
  return apply_difference(target, staging, difference);
}

Applied apply_found(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, const std::string& scope) {
  Difference difference(target, staging, plan, key, scope);
  difference.take_found();
  return apply_difference(target, staging, difference);
}

}  // namespace connector::load
