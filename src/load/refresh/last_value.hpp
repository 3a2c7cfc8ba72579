// The largest value of a cursor column among rows that pass by.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <string>

#include "core/rows/row_batch.hpp"
#include "load/read/plan.hpp"

extern "C" {
#include "fmgr.h"
}

namespace connector::load {

class LastValue {
 public:
  /// Whether values of the column are ordered here as positions are (cursor.hpp).
  static bool can_follow(const PlannedColumn& cursor) noexcept;

  /// `column` is the cursor's index in the plan, which outlives this.
  LastValue(const LoadPlan& plan, std::size_t column);

  /// Looks at the rows of a batch.
  void note(core::RowBatch& batch);

  /// As a position; nothing if all were NULL.
  std::optional<std::string> position() const;

 private:
  void note_guarded(const std::uint64_t* values, const bool* nulls, std::size_t rows);

  const PlannedColumn& cursor_;
  std::size_t column_;
  MemoryContext memory_;
  FmgrInfo compare_{};
  Oid collation_;
  int16 length_ = 0;
  bool by_value_ = false;
  bool found_ = false;
  Datum last_ = 0;
};

}  // namespace connector::load
