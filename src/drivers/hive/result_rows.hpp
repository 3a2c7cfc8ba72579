// Rows of an operation as FetchResults brings them: read from the protocol without a detour, into one piece of memory
// per column. Facts: TRowSet, TColumn and TRow of Hive's service-rpc/if/TCLIService.thrift; null flags are bits, the
// lowest first, and may end before the rows do: those behind the end are not null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/hive/rpc/hiveserver2_types.h"
#include "drivers/hive/transport.hpp"

namespace connector::hive {

/// Bytes that grow as they arrive.
class ByteStore {
 public:
  std::size_t size() const noexcept { return size_; }
  const char* data() const noexcept { return bytes_.get(); }
  char* data() noexcept { return bytes_.get(); }
  void clear() noexcept;
  /// Room for `size` more bytes, which count from then on.
  char* append(std::size_t size);

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// The members of the union TColumn, by their numbers.
enum class WireKind : std::uint8_t { none, boolean, int8, int16, int32, int64, float64, string, binary };

/// The name of a kind, for messages.
std::string_view wire_kind_name(WireKind kind) noexcept;

/// One column of the rows fetched.
class ResultColumn {
 public:
  WireKind kind() const noexcept { return kind_; }
  std::size_t rows() const noexcept { return rows_; }
  /// Of all values together.
  std::size_t bytes() const noexcept { return values_.size(); }
  bool is_null(std::size_t row) const noexcept {
    return row / 8 < nulls_.size() && (static_cast<unsigned char>(nulls_.data()[row / 8]) >> row % 8 & 1) != 0;
  }
  /// Of the kinds boolean and int8 to int64.
  std::int64_t integer(std::size_t row) const noexcept;
  double float64(std::size_t row) const noexcept;
  /// Of the kinds string and binary.
  std::string_view text(std::size_t row) const noexcept {
    const std::size_t begin = row == 0 ? 0 : ends_[row - 1];
    return {values_.data() + begin, ends_[row] - begin};
  }

  void clear() noexcept;
  /// Reads the union TColumn. Throws Failure.
  void read(Protocol& protocol, Transport& transport, std::size_t max_rows);
  /// Adds the value of a row of protocol versions 1 to 5. Throws Failure if its member is not that of the others.
  void add(const rpc::ColumnValue& value);

 private:
  void read_values(Protocol& protocol, Transport& transport, std::size_t max_rows);
  void read_strings(Protocol& protocol, Transport& transport);
  void read_nulls(Protocol& protocol, Transport& transport);
  void add_null();

  WireKind kind_ = WireKind::none;
  std::size_t rows_ = 0;
  ByteStore values_;                 ///< as on the wire
  std::vector<std::uint32_t> ends_;  ///< of strings
  ByteStore nulls_;
};

struct ResultRows {
  std::vector<ResultColumn> columns;
  std::size_t rows = 0;
  bool has_more = false;  ///< Impala says so; Hive does not
  std::size_t bytes = 0;  ///< of the values
};

/// Reads the answer to FetchResults, from behind the head of its message on. Throws Failure, or what Thrift throws.
/// `columns`: how many there must be; `max_rows`: the most rows that are taken.
void read_fetch_results(Protocol& protocol, Transport& transport, std::size_t columns, std::size_t max_rows,
                        ResultRows& rows, rpc::Status& status);

}  // namespace connector::hive
