// Compares rows of a table with rows that were read for it: by their keys, and by their values as they are stored.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <vector>

#include "load/merge/staging.hpp"

extern "C" {
#include "fmgr.h"
#include "utils/memutils.h"
}

namespace connector::load {

/// Runs `step` in the context, which is emptied before: for what comparing a row leaves behind. In a guard.
template <typename Step>
void in_emptied(MemoryContext context, Step&& step) {
  MemoryContextReset(context);
  const MemoryContext old = MemoryContextSwitchTo(context);
  step();
  MemoryContextSwitchTo(old);
}

/// The values of a row, and which of them are NULL, by the columns of the staging table.
struct RowValues {
  const Datum* values;
  const bool* nulls;
};

/// Whether all these columns (indexes into the staging table's) have an order.
bool have_order(const Staging& staging, const std::vector<std::size_t>& columns);

/// How rows of a staging table are compared with others of the same types. What compares is to be called in a guard,
/// and may leave memory behind in the current context.
class RowComparison {
 public:
  struct Column {
    Oid type;
    bool by_value;
    int16 length;
  };
  struct KeyColumn {
    int column;  ///< from 0
    Oid collation;
    FmgrInfo* compare;  ///< of the type cache, which keeps it
  };

  /// `key` has indexes into the staging table's columns; they have an order.
  RowComparison(const Staging& staging, const std::vector<std::size_t>& key);

  const std::vector<Column>& columns() const noexcept { return columns_; }
  const std::vector<KeyColumn>& key() const noexcept { return key_; }
  int column_count() const noexcept { return static_cast<int>(columns_.size()); }
  int key_count() const noexcept { return static_cast<int>(key_.size()); }

  static int compare_values(const KeyColumn& key, Datum left, Datum right);
  /// Less than 0, 0 or more; NULL stands last, as in ORDER BY.
  int compare_keys(const RowValues& left, const RowValues& right) const;
  /// Whether the rows are stored the same, but for two numerics of the same value and scale and two NaNs.
  bool same_row(const RowValues& left, const RowValues& right) const;

 private:
  std::vector<Column> columns_;
  std::vector<KeyColumn> key_;
};

}  // namespace connector::load
