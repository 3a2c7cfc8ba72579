// The binary form of COPY into a RowBatch: no library, no server, bytes only.
//
// The form is from PostgreSQL's manual, COPY, "Binary Format": a signature, flags and an extension; then for each row
// its number of fields, and for each field its length, -1 for NULL, and its bytes; -1 for the number of fields at the
// end. All numbers are big-endian. Those of the values are from the types' send functions (src/backend/utils/adt).
// Every length is checked before anything is read by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/rows/row_batch.hpp"

namespace connector::postgres {

/// How a value is read and stored.
enum class Decode : std::uint8_t {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  bytes,  ///< text, bytea, and what the loader decodes
  date,
  time,
  timestamp,  ///< with or without time zone
  interval,
  uuid,
};

class RowDecoder {
 public:
  /// The columns of the stream, which are those of the batches.
  explicit RowDecoder(std::vector<Decode> columns) : columns_(std::move(columns)) {}

  /// Adds rows from the front of `bytes` until these end, the batch is full or the stream has ended. Gives the number
  /// of bytes that are done with; the others are to be given again, with what comes behind them. Throws Error
  /// (cannot_read, fetch) if the bytes are malformed, and what RowBatch throws.
  std::size_t decode(std::span<const unsigned char> bytes, core::RowBatch& batch);

  /// As many bytes as it takes to get any further; a lower bound.
  std::size_t needed() const noexcept { return needed_; }
  /// True behind the end of the stream, after which there must be nothing.
  bool at_end() const noexcept { return at_end_; }

 private:
  std::size_t header(std::span<const unsigned char> bytes);
  std::size_t row_size(std::span<const unsigned char> bytes);
  void row(const unsigned char* at, core::RowBatch& batch);
  void value(std::size_t column, std::span<const unsigned char> bytes, core::RowBatch& batch);
  void numeric(std::size_t column, std::span<const unsigned char> bytes, core::RowBatch& batch);

  std::vector<Decode> columns_;
  std::size_t needed_ = header_bytes;
  bool in_header_ = true;
  bool at_end_ = false;
  std::vector<std::uint16_t> groups_;

  static constexpr std::size_t header_bytes = 19;  // signature, flags, length of the extension
};

}  // namespace connector::postgres
