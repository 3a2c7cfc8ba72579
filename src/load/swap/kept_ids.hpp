// cartodb_id of rows that were there before: a refresh that exchanges the storage gives them the number they had.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "load/table/target.hpp"
#include "load/write/row_rules.hpp"

extern "C" {
#include "access/genam.h"
#include "utils/snapshot.h"
}

namespace connector::load {

/// Looks for each new row in the table's old rows, by a unique index over the key. The new rows get an equal index: so
/// no number comes twice, and nothing fails that would not have failed without this. Numbers of other rows come from
/// the column's sequence, which is set beyond all that are there.
class KeptIds final : public FormerValues {
 public:
  /// The column, the index and the sequence that this works with; nothing if one of them is not there or is not what a
  /// default column has: then all rows get new numbers. `key` are attributes of the target whose types stay.
  struct Parts {
    AttrNumber column;
    Oid index;
    Oid sequence;
  };
  static std::optional<Parts> find(const RefreshTarget& target, const std::vector<AttrNumber>& key);

  /// The target's lock is the caller's.
  KeptIds(const RefreshTarget& target, const Parts& parts);

  AttrNumber column() const noexcept override { return column_; }
  bool find(TupleTableSlot* slot) override;

  /// Closes table and index; after an exception the transaction's abort does.
  void finish();

 private:
  AttrNumber column_;
  MemoryContext memory_ = nullptr;  ///< in which the scan was begun
  Relation table_ = nullptr;
  Relation index_ = nullptr;
  Snapshot snapshot_ = nullptr;
  IndexScanDesc scan_ = nullptr;
  TupleTableSlot* former_ = nullptr;
  std::vector<ScanKeyData> keys_;
};

}  // namespace connector::load
