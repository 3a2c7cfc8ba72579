// Where the rows of a source go.
#pragma once

#include <cstddef>

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

}  // namespace connector::load
