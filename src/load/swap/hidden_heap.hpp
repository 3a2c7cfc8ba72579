// The storage that a refresh by swap fills beside the table's own: a heap of the same physical layout, with an equal
// index for each index of the table. It lives in the transaction only; nobody else ever sees it.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/table/target.hpp"

namespace connector::load {

/// An index of the table and the equal one of the hidden heap.
struct IndexPair {
  Oid index;
  Oid twin;
  /// False for what a failed CREATE INDEX CONCURRENTLY left: its twin stays empty, and it stays as it is.
  bool valid;
  std::string name;  ///< of the index
};

class HiddenHeap {
 public:
  /// Makes the heap with the table's layout after the ALTER TABLE actions (may be empty), owner, persistence,
  /// tablespace, storage parameters and TOAST table. It stands in the schema connector, where nobody else can take its
  /// name. The table's indexes and TOAST table are locked against changes till the transaction's end.
  HiddenHeap(const RefreshTarget& target, const std::string& alter_actions);

  Oid oid() const noexcept { return oid_; }
  const std::string& sql() const noexcept { return sql_; }  ///< schema.name, quoted

  /// Builds the indexes. Throws core::Error (cannot_load) naming a unique index that the rows contradict. Indexes whose
  /// columns get another type have no twin, nor has `going` (may be invalid), which is going to be dropped.
  void build_indexes(const std::vector<AttrNumber>& retyped, Oid going);
  const std::vector<IndexPair>& indexes() const noexcept { return pairs_; }
  std::vector<Oid> replaced_indexes() const;  ///< those of the table that have a twin

  /// Lists storage that the heap has got by being written anew.
  void log_storage() const;

  /// Collects statistics and hands them over to the table and its indexes; extended ones only if the heap's columns
  /// have the types that the table's have now.
  void analyze(bool same_types);

  /// Writes out all that a commit would write otherwise: WAL, and under wal_level = minimal the storage itself.
  void flush();

 private:
  void make_heap(const std::string& alter_actions);
  void list_indexes();
  void create_twin(IndexPair& pair);
  void repeat_statistics_targets();

  const RefreshTarget& target_;
  std::string sql_;
  Oid oid_ = InvalidOid;
  std::vector<IndexPair> pairs_;
};

}  // namespace connector::load
