// Refreshes by ordinary DML: rows are loaded into a temporary table first, then what differs is applied to the target
// through the executor, so that constraints, triggers, policies, partitions and publications all have their say.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "load/refresh_target.hpp"

namespace connector::load {

/// A temporary table for the plan's columns, of the types and collations that they have in the target. It writes no
/// WAL. Dropped by drop(), at the latest with the transaction.
class Staging {
 public:
  /// To be made where temporary tables may be: not in a restricted security context. With `default_geometry` it also
  /// has the_geom and the_geom_webmercator, as far as the target has both.
  Staging(const RefreshTarget& target, const LoadPlan& plan, bool default_geometry);

  Oid oid() const noexcept { return oid_; }
  const std::string& sql() const noexcept { return sql_; }
  /// Quoted names of its columns: the plan's in order, then those beyond.
  const std::vector<std::string>& columns() const noexcept { return columns_; }
  bool has_geometry() const noexcept { return has_geometry_; }
  void analyze();
  void drop();

 private:
  Oid oid_ = InvalidOid;
  std::string sql_;
  std::vector<std::string> columns_;
  bool has_geometry_ = false;
};

struct Applied {
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
};

/// Throws core::Error (cannot_load) if a row of the staging table has a NULL in the key or the same key as another;
/// invalid_parameters if a key column's type knows no equality. `key` has indexes into the plan's columns.
void check_key(const Staging& staging, const LoadPlan& plan, const std::vector<std::size_t>& key);

/// DELETE of all rows, `alter` (an ALTER TABLE, may be empty), INSERT.
Applied apply_rewrite(const RefreshTarget& target, const Staging& staging, const std::string& alter);

/// Deletes rows whose key is not in the staging table (unless `keep_missing`), updates those that differ in any bit,
/// inserts those that are missing.
Applied apply_merge(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, bool keep_missing);

/// The largest value of a cursor column in the target, as the remote is asked for what lies behind it.
struct CursorPosition {
  std::string maximum;               ///< SQL that yields the value, or its bytes for text
  std::optional<std::string> value;  ///< as text, ISO, UTC; nothing if the table has none
};

/// Throws core::Error (invalid_parameters) if the column's type has no order that both sides share.
CursorPosition cursor_position(const RefreshTarget& target, const PlannedColumn& cursor);

/// Removes rows from the staging table that lie before the position or, where they lie on it, are in the target already
/// (with all their columns equal; or with the key's columns equal, if there is one: then apply_merge() comes next).
void cut_before(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan, const PlannedColumn& cursor,
                bool has_key);

/// INSERT of all rows of the staging table.
Applied apply_insert(const RefreshTarget& target, const Staging& staging);

}  // namespace connector::load
