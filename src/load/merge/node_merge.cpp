#include "load/merge/node_merge.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "load/merge/apply.hpp"
#include "load/merge/difference.hpp"
#include "load/merge/key_check.hpp"
#include "load/merge/row_sql.hpp"
#include "pg/guard.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

namespace connector::load {

namespace {

constexpr const char* any_delete_action = "acdnr";

bool is_missing_reference(const pg::PgError& error) {
  return error.sqlerrcode() == ERRCODE_FOREIGN_KEY_VIOLATION;
}

/// Whether rows of the table may refer to others of it.
bool refers_to_itself(const RefreshTarget& target) {
  return pg::any_catalog_row("SELECT 1 FROM pg_constraint WHERE contype = 'f' AND conrelid = $1 AND confrelid = $1",
                             target.oid);
}

/// In each statement t is the target and s the staging table. They are joined by the key, which has the distribution
/// column: so Citus hands the statement to the nodes.
class NodeMerge {
 public:
  NodeMerge(const RefreshTarget& target, const TableDistribution& distribution, const NodeStaging& rows,
            const LoadPlan& plan, const std::vector<std::size_t>& key, MissingRows missing)
      : target_(target),
        plan_(plan),
        key_(key),
        missing_(missing),
        columns_(merge_columns(target, rows.columns())),
        names_(core::joined(rows.column_names())),
        values_(core::joined(rows.column_names(), ", ", "s.")),
        t_(target.sql_only() + " AS t"),
        s_(rows.sql() + " AS s"),
        same_key_(same_key(plan, key, "t.", "s.")) {
    const std::string by = distribution.column.empty() ? "" : pg::quote_name(distribution.column);
    for (const MergeColumn& column : columns_) {
      if (column.staged != nullptr && column.name == by) by_ = &column;
    }
  }

  Applied run() {
    refuse_changed_identities();
    if (missing_ == MissingRows::deleted && !is_key_unique(target_, plan_, key_)) delete_rows_of_one_key();
    replace_distribution_values();
    std::optional<pg::PgError> refused;
    // Foreign keys are looked at after each statement. The second order is for rows of the table that refer to others
    // of it: to such as are new, or in place of such as go.
    if (attempt([&] { delete_missing(), update(), insert(); }, refused)) return applied_;
    if (is_missing_reference(*refused) && attempt([&] { insert(), update(), delete_missing(); }, refused)) {
      return applied_;
    }
    if (is_missing_reference(*refused)) {
      if (!refers_to_itself(target_)) throw pg::PgError(*refused);
      throw with_hint(
          *refused,
          "If the source has what the rows refer to, they refer to each other so that no order of deleting, "
          "updating and inserting is right: drop the constraint.");
    }
    throw with_hint(*refused,
                    "If the source has such values in one row only, rows exchange them, which Citus can't do in one "
                    "statement: drop the constraint, or leave rows out with \"sql_query\".");
  }

 private:
  template <typename Statements>
  bool attempt(Statements&& statements, std::optional<pg::PgError>& refused) {
    const Applied before = applied_;
    try {
      pg::in_subtransaction(statements);
      return true;
    } catch (const pg::PgError& error) {
      if (!is_missing_reference(error) && !is_collision(error)) throw;
      refused = error;
    }
    applied_ = before;
    return false;
  }

  std::string staged_with_key() const { return " (SELECT 1 FROM " + s_ + " WHERE " + same_key_ + ")"; }

  void refuse_changed_identities() const {
    for (const MergeColumn& column : columns_) {
      if (column.staged == nullptr || !column.always_identity) continue;
      const bool differs = !pg::query("SELECT 1 FROM " + t_ + " JOIN " + s_ + " ON " + same_key_ + " WHERE " +
                                      images_differ({column.name}, "t.", "s.") + " LIMIT 1")
                                .empty();
      if (differs) throw changed_identity(target_, column, {});
    }
  }

  /// Which of them is the source's can't be told.
  void delete_rows_of_one_key() {
    std::string same;
    for (const std::size_t index : key_) {
      const PlannedColumn& column = plan_.columns[index];
      core::add_item(same, "t." + quoted(column) + equality(column) + "x." + quoted(column), " AND ");
    }
    const std::string keys = core::joined(key_names(plan_, key_));
    const std::string repeated = "(SELECT " + keys + " FROM " + target_.sql_only() + " GROUP BY " + keys +
                                 " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1)";
    if (pg::query("SELECT 1 FROM " + repeated + " AS x LIMIT 1").empty()) return;
    refuse_references("has several rows of one key, of which the source has one");
    applied_.deleted += pg::execute("DELETE FROM " + t_ + " USING " + repeated + " AS x WHERE " + same);
  }

  /// Before rows are deleted that are inserted anew: what refers to them would go with them, or keep them from going.
  void refuse_references(const std::string& why) const {
    const std::string in_the_way = foreign_keys(target_, any_delete_action);
    if (in_the_way.empty()) return;
    throw core::Error(core::ErrorNumber::dependents_in_the_way, target_.shown() + " " + why,
                      "Such rows can't be deleted and inserted anew, as others refer to them: " + in_the_way + ".",
                      "Change the rows here, or drop the foreign keys.");
  }

  /// Equal values that are stored in two ways, 1 and 1.0: Citus does not update the distribution column.
  void replace_distribution_values() {
    if (by_ == nullptr || equal_is_same(*by_->staged)) return;
    const std::string which = " WHERE " + same_key_ + " AND " + images_differ({by_->name}, "t.", "s.");
    if (pg::query("SELECT 1 FROM " + t_ + ", " + s_ + which + " LIMIT 1").empty()) return;
    const auto is_own = [](const MergeColumn& column) { return column.staged == nullptr && !column.generated; };
    if (std::ranges::any_of(columns_, is_own)) {
      throw core::Error(
          core::ErrorNumber::cannot_load,
          "column " + pg::utf8_text(by_->name) + ", by which Citus distributes " + target_.shown() +
              ", has values in the source that are equal to those here, but written otherwise",
          "Such rows can't be updated, nor deleted and inserted anew, as the table has columns of its own.",
          "Choose a type for the column whose equal values are the same, with \"columns\".");
    }
    refuse_references("has values in column " + pg::utf8_text(by_->name) +
                      ", by which Citus distributes it, that are written otherwise in the source");
    replaced_ = pg::execute("DELETE FROM " + t_ + " USING " + s_ + which);
  }

  void delete_missing() {
    if (missing_ == MissingRows::kept) return;
    applied_.deleted += pg::execute("DELETE FROM " + t_ + " WHERE NOT EXISTS" + staged_with_key());
  }

  void update() {
    std::string assignments;
    std::vector<std::string> compared;
    for (const MergeColumn& column : columns_) {
      if (column.staged == nullptr || column.always_identity || &column == by_) continue;
      if (is_in_key(column) && equal_is_same(*column.staged)) continue;
      core::add_item(assignments, column.name + " = s." + column.name);
      compared.push_back(column.name);
    }
    if (compared.empty()) return;
    applied_.updated += pg::execute("UPDATE " + t_ + " SET " + assignments + " FROM " + s_ + " WHERE " + same_key_ +
                                    " AND " + images_differ(compared, "t.", "s."));
  }

  void insert() {
    const std::uint64_t count =
        pg::execute("INSERT INTO " + target_.sql() + " (" + names_ + ") OVERRIDING SYSTEM VALUE SELECT " + values_ +
                    " FROM " + s_ + " WHERE NOT EXISTS (SELECT 1 FROM " + t_ + " WHERE " + same_key_ + ")");
    applied_.updated += replaced_;
    applied_.inserted += count - std::min(count, replaced_);
  }

  bool is_in_key(const MergeColumn& column) const {
    return std::ranges::any_of(key_, [&](std::size_t index) { return quoted(plan_.columns[index]) == column.name; });
  }

  const RefreshTarget& target_;
  const LoadPlan& plan_;
  const std::vector<std::size_t>& key_;
  MissingRows missing_;
  std::vector<MergeColumn> columns_;
  std::string names_;
  std::string values_;
  std::string t_;
  std::string s_;
  std::string same_key_;
  const MergeColumn* by_ = nullptr;  ///< the distribution column
  std::uint64_t replaced_ = 0;       ///< rows that were deleted and are to be inserted anew
  Applied applied_;
};

}  // namespace

Applied merge_on_nodes(const RefreshTarget& target, const TableDistribution& distribution, const NodeStaging& rows,
                       const LoadPlan& plan, const std::vector<std::size_t>& key, MissingRows missing) {
  refuse_equal_keys({rows.sql(), plan, key});
  return NodeMerge(target, distribution, rows, plan, key, missing).run();
}

}  // namespace connector::load
