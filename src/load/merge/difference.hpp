// The difference between a table and the rows that were loaded beside it: found once, then applied.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "load/merge/applied.hpp"
#include "load/merge/staging.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// A column of the table as it is when the difference is applied.
struct MergeColumn {
  AttrNumber number;
  std::string name;  ///< quoted
  Oid type;
  int32 typmod;
  Oid collation;
  bool not_null;
  bool generated;
  bool always_identity;
  const StagedColumn* staged;  ///< nullptr for columns that don't come from the source
  bool changed = false;        ///< differs in a row that is to be updated
};

/// The columns of the table, with those of the staging table that fill them, which outlive what is returned.
std::vector<MergeColumn> merge_columns(const RefreshTarget& target, const std::vector<StagedColumn>& staged);

/// Whether an index of the table sees to it that no two of its rows share the key.
bool is_key_unique(const RefreshTarget& target, const LoadPlan& plan, const std::vector<std::size_t>& key);

/// Whether values of the column are equal only if they are the same.
bool equal_is_same(const StagedColumn& column);

/// Whether rules of the table, or the nodes that it is spread over, forbid that one statement deletes, updates and
/// inserts.
bool needs_statements_apart(const RefreshTarget& target);

class Difference {
 public:
  /// All arguments outlive this; the target has the plan's columns. `scope`: an SQL condition on rows of the target
  /// (their alias is t); others are left as they are, and the staging table has no row with the key of one. Empty = all
  /// rows.
  Difference(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
             const std::vector<std::size_t>& key, std::string scope = {});

  /// Fills the staging's table of differences. Rows of the target that share a key, or have none, are superfluous; if
  /// missing rows are kept, no row is to be deleted. Throws core::Error (cannot_load) if the staging table has a key
  /// twice.
  void find(MissingRows missing);

  /// A query for the target's rows in the order of the key, as OnePass and the walk take them; nothing if the order of
  /// the staging table's rows is not the target's, values can't be compared by their images, a key is not unique in the
  /// target by an index, or rows have no address.
  std::optional<std::string> rows_in_key_order() const;

  /// Instead of find(), where the staging's table of differences is filled already.
  void take_found();

  bool empty() const noexcept { return deletes_ + inserts_ + updates_ == 0; }
  std::uint64_t updates() const noexcept { return updates_; }
  const std::vector<MergeColumn>& columns() const noexcept { return columns_; }
  bool statements_apart() const noexcept { return apart_; }

  /// Deletes, updates and inserts, in that order and in one statement if it may be. `also_set` (quoted names) are
  /// updated even where no row differs in them. Rows marked as replaced are deleted and inserted with all their
  /// columns.
  Applied apply(const std::vector<std::string>& also_set = {}) const;

  /// The condition that `t` (an alias of the target) is the row that `d` (one of the table of differences) is about.
  std::string same_row(const std::string& t, const std::string& d) const;
  /// The condition that the column's values differ, given as SQL.
  static std::string differs(const MergeColumn& column, const std::string& target, const std::string& staged);
  /// A FROM list of the rows that are to be updated; the aliases, each with `suffix`: d of the table of differences, t
  /// of the target, s of the staging table.
  std::string updates_from(const std::string& suffix = "") const;

 private:
  bool is_complete(const Applied& applied) const;
  void count_found();
  void find_changed_columns();
  void find_rows_again();
  bool find_by_walk();
  bool compare_rows_out_of_order();
  void analyze_difference() const;
  void find_by_join(MissingRows missing);
  void delete_superfluous();
  /// Rows of the target that share their key with another one: all alike, or without key values but for the first, so
  /// that nothing is equal to them.
  enum class RowsOfOneKey { alike, only_first };
  std::string target_rows(RowsOfOneKey rows_of_one_key) const;
  /// The target with its alias, and the scope as a WHERE clause.
  std::string target_in_scope() const;
  std::string staged_rows() const;
  std::string condition_of_change() const;
  std::string delete_sql() const;
  std::string update_sql(const std::vector<std::string>& also_set) const;
  std::string insert_sql() const;
  std::string replace_sql() const;

  const RefreshTarget& target_;
  const Staging& staging_;
  const LoadPlan& plan_;
  const std::vector<std::size_t>& key_;
  std::string scope_;
  std::vector<MergeColumn> columns_;
  bool by_key_;  ///< rows have no address that lasts from one statement to the next
  bool parted_;  ///< an address counts within a partition only
  bool apart_;
  bool key_is_unique_;  ///< by an index of the target
  std::uint64_t deletes_ = 0;
  std::uint64_t inserts_ = 0;
  std::uint64_t updates_ = 0;
  std::uint64_t superfluous_ = 0;  ///< rows that find() deleted already
};

}  // namespace connector::load
