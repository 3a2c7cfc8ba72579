// COPY data, in whatever pieces it comes, into batches.
#pragma once

#include <span>
#include <vector>

#include "core/rows/row_batch.hpp"
#include "drivers/postgres/row_decoder.hpp"

namespace connector::postgres {

class CopyReader {
 public:
  explicit CopyReader(std::vector<Decode> columns) : decoder_(std::move(columns)) {}

  /// Adds rows to `batch` until it is full (true) or more bytes are needed (false).
  bool fill(core::RowBatch& batch);
  /// The next bytes, after fill() has given false. They must stay where they are until the next call.
  void add(std::span<const unsigned char> bytes);
  /// There are no more bytes. Throws Error if there should be.
  void finish() const;

 private:
  RowDecoder decoder_;
  std::span<const unsigned char> rest_;  ///< the caller's bytes, or those of pieces_
  std::vector<unsigned char> pieces_;    ///< of a row that came in several
};

}  // namespace connector::postgres
