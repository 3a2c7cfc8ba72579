// Rows on their way from the program connector-reader to the backend.
//
// They are one stream of bytes, cut into slots of a file that both processes have. The backend copies a slot into
// memory of its own before it looks at it: whatever the other process does with the file meanwhile, what was checked is
// what is used. A row is a null flag for each column (a bit, from the lowest of each byte; one byte more than that
// where the bits would fill the last one), then its values in the order of the columns. A value that is a number or a
// date is its Datum, eight bytes; an interval or uuid is the sixteen bytes that are stored; all others are a length,
// four bytes, and as many bytes. What is longer than longest_small_value has the length `large`, then its true one in
// eight bytes, and its bytes. A value that is not large, and what else is not the bytes of a large one, is in one slot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/rows/row_batch.hpp"

namespace connector::reader {

inline constexpr std::size_t slot_bytes = 512 * 1024;
inline constexpr std::size_t slot_count = 2;
inline constexpr std::size_t file_bytes = slot_bytes * slot_count;

inline constexpr std::uint32_t longest_small_value = 64 * 1024;
inline constexpr std::uint32_t large = 0xffffffff;

/// How the values of a column stand in the stream.
enum class StreamForm : std::uint8_t { word, sixteen_bytes, bytes };
StreamForm stream_form(const core::LogicalType& type, core::ValueForm form) noexcept;

/// Where the stream goes: slot for slot.
class SlotSink {
 public:
  virtual ~SlotSink() = default;
  /// An empty slot, of slot_bytes. May wait for it.
  virtual char* next_slot() = 0;
  /// That slot has got so many bytes.
  virtual void send(std::size_t bytes) = 0;
};

/// Writes the stream.
class RowWriter {
 public:
  explicit RowWriter(SlotSink& sink) noexcept : sink_(sink) {}
  /// All rows of the batch. What fits in a slot that is not full stays there until flush().
  void write(core::RowBatch& batch);
  void flush();

 private:
  char* room(std::size_t bytes);
  void put(const void* from, std::size_t bytes);
  void put_long(std::string_view bytes);

  SlotSink& sink_;
  char* slot_ = nullptr;
  std::size_t used_ = 0;
};

/// Where the stream comes from.
class SlotSource {
 public:
  virtual ~SlotSource() = default;
  /// Copies the next piece of the stream to `to`, which takes slot_bytes, and says how long it is. 0 = the stream has
  /// ended. May wait.
  virtual std::size_t next_slot(char* to) = 0;
};

/// Reads the stream, which may hold anything, into batches.
class RowReader {
 public:
  RowReader(SlotSource& source, std::vector<core::BatchColumn> columns);
  /// Adds rows until the batch is full or the stream ends: then false. Throws core::Error (cannot_read) if the stream
  /// is none, or has a value that the column's type does not have.
  bool read(core::RowBatch& batch);

 private:
  bool has_row();
  const char* take(std::size_t bytes);
  void read_row(core::RowBatch& batch);
  void read_bytes(core::RowBatch& batch, std::size_t column);
  void read_large(core::RowBatch& batch, std::size_t column);

  SlotSource& source_;
  std::vector<core::BatchColumn> columns_;
  std::vector<StreamForm> forms_;
  std::string slot_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
};

}  // namespace connector::reader
