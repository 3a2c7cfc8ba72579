// Where the rows of a source go.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/rows/row_batch.hpp"

namespace connector::load {

class Sink {
 public:
  virtual ~Sink() = default;

  /// Takes the first `rows` rows of the batch. Their values are Datums of the types that the plan's columns have here,
  /// and go with the batch.
  virtual void write(core::RowBatch& batch, std::size_t rows) = 0;

  /// Whether it wants no more rows; it may have left some of the last batch.
  virtual bool is_full() const noexcept { return false; }
};

/// Keeps for each column of the batch whether any of its first `rows` rows, or of those before, has a NULL.
inline void note_nulls(const core::RowBatch& batch, std::size_t rows, std::vector<bool>& has_nulls) {
  for (std::size_t column = 0; column < has_nulls.size(); ++column) {
    if (has_nulls[column]) continue;
    const auto nulls = batch.nulls(column).first(rows);
    has_nulls[column] = std::ranges::find(nulls, true) != nulls.end();
  }
}

}  // namespace connector::load
