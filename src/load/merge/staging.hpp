// Where the source's rows are put before what differs is applied to the table.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/table/target.hpp"

namespace connector::load {

/// A column of a table for rows on their way; the name is in the database's encoding.
struct BareColumn {
  std::string name;
  Oid type;
  int32 typmod = -1;
  Oid collation = InvalidOid;
};

/// Makes an empty heap without defaults, constraints and indexes, and without a command. `schema` and `name` are in the
/// database's encoding, `persistence` is RELPERSISTENCE_…; a temporary one goes with the transaction.
Oid create_bare_table(const std::string& schema, const std::string& name, char persistence,
                      const std::vector<BareColumn>& columns);

/// A table without WAL, that is dropped with the transaction at the latest. It is made and dropped without commands, so
/// that no event trigger changes or forbids it; it may not be made in a restricted security context.
class TemporaryTable {
 public:
  /// `name` is unqualified. Throws core::Error (cannot_load) if the role may not have temporary tables.
  TemporaryTable(const std::string& name, const std::vector<BareColumn>& columns);

  Oid oid() const noexcept { return oid_; }
  /// Its name with the schema.
  const std::string& sql() const noexcept { return sql_; }
  void drop();

 private:
  Oid oid_;
  std::string sql_;
};

/// A column of the staging table.
struct StagedColumn {
  std::string name;  ///< quoted
  Oid type;
  Oid collation;
  bool has_nulls = true;  ///< false where it is known to have none
};

/// What the plan's columns are in a table for their rows: of the types and collations that they have in the target.
/// With `default_geometry` also the_geom and the_geom_webmercator, as far as the target has both.
std::vector<BareColumn> staging_columns(const RefreshTarget& target, const LoadPlan& plan, bool default_geometry);

/// The columns of a table that the source's rows are put into, wherever it is.
class StagedColumns {
 public:
  /// The plan's columns in order, then those beyond.
  const std::vector<StagedColumn>& columns() const noexcept { return columns_; }
  std::vector<std::string> column_names() const;
  bool has_geometry() const noexcept { return columns_.size() > planned_; }

  /// What is known of the planned columns once the rows are loaded.
  void set_nulls(const std::vector<bool>& has_nulls);

 protected:
  StagedColumns(const LoadPlan& plan, const std::vector<BareColumn>& columns);

  std::size_t planned_;

 private:
  std::vector<StagedColumn> columns_;
};

/// A temporary table for the plan's columns, of the types and collations that they have in the target, and one more for
/// what is found to differ from it.
class Staging : public StagedColumns {
 public:
  /// `key` has indexes into the plan's columns; empty if rows are not to be compared. With `default_geometry` it also
  /// has the_geom and the_geom_webmercator, as far as the target has both.
  Staging(const RefreshTarget& target, const LoadPlan& plan, const std::vector<std::size_t>& key,
          bool default_geometry);

  Oid oid() const noexcept { return rows_.oid(); }
  const std::string& sql() const noexcept { return rows_.sql(); }
  /// The attribute numbers of the plan's columns, in order.
  std::vector<AttrNumber> planned_attributes() const;

  /// The table (part oid, old tid, new tid, moved bool, replaced bool, and the key's columns): one row for each row
  /// that is to be deleted, inserted or updated.
  const std::string& difference() const noexcept { return difference_.sql(); }

  Oid difference_oid() const noexcept { return difference_.oid(); }

  void drop();

 private:
  TemporaryTable rows_;
  TemporaryTable difference_;
};

/// Throws core::Error: cannot_load if a row of the table `rows`, which has these columns, has a NULL in the key,
/// invalid_parameters if a key column's type knows no equality.
void check_key_values(const std::string& rows, const StagedColumns& columns, const LoadPlan& plan,
                      const std::vector<std::size_t>& key);

/// Makes sure that each row of the staging table has a key of its own, and indexes it where its types allow that, so
/// that it is best joined. Throws core::Error (cannot_load) if two rows have the same key.
void check_key_unique(const Staging& staging, const LoadPlan& plan, const std::vector<std::size_t>& key);

}  // namespace connector::load
