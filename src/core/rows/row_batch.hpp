// A batch of decoded rows: what a driver fills and the loader empties.
//
// Columnar; every value stands in the form PostgreSQL stores it in, decoded once from the driver's wire form. Fixed
// width values are the bits of their Datum, all others are pointers into the batch's arena, with a 4-byte varlena
// header in place. Facts about those forms are PostgreSQL's, from src/include/varatt.h (postgres.h before 16),
// src/include/utils/{date,timestamp,uuid,varbit}.h and src/backend/utils/adt/numeric.c; pg_upgrade keeps them stable.
#pragma once

#include <bit>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/rows/arena.hpp"
#include "core/base/error.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::core {

class PackedGroups;
enum class NumericSpecial : std::uint16_t;

/// What happens to a value that the local type can't hold (`invalid_values`, `zero_dates`).
enum class InvalidValues : std::uint8_t { error, null };

/// One column of a batch, as the driver announces it.
struct BatchColumn {
  std::string name = {};  ///< remote name in UTF-8, for messages
  LogicalType type = {};
  ValueForm form = ValueForm::datum;
  /// Text and receive form: PostgreSQL's name of the encoding that text arrives in. The loader checks or converts it.
  std::string encoding = "UTF8";
  std::string provider = {};    ///< for messages; empty = not named
  std::string local_type = {};  ///< for messages: the type asked for; empty = the one that belongs to `type`
};

/// Largest payload of a value: PostgreSQL's MaxAllocSize (1 GB - 1) less the header and a terminating NUL.
inline constexpr std::size_t max_value_bytes = 0x3fffffff - 5;

/// The varlena header of PostgreSQL: its size in bytes.
inline constexpr std::size_t varlena_header_bytes = 4;

/// Writes a 4-byte varlena header for `payload` bytes behind it.
inline void set_varlena_header(char* varlena, std::size_t payload) noexcept {
  const auto size = static_cast<std::uint32_t>(payload + varlena_header_bytes);
  // The two flag bits of an uncompressed in-line value are zero: the lowest ones, in the order the CPU reads bytes.
  const std::uint32_t header = std::endian::native == std::endian::little ? size << 2 : size;
  std::memcpy(varlena, &header, sizeof header);
}

/// The payload of a varlena with a 4-byte header, as this batch writes them.
inline std::span<char> varlena_payload(std::uint64_t value) noexcept {
  char* varlena = reinterpret_cast<char*>(static_cast<std::uintptr_t>(value));
  std::uint32_t header;
  std::memcpy(&header, varlena, sizeof header);
  const std::uint32_t size = std::endian::native == std::endian::little ? header >> 2 : header & 0x3fffffff;
  return {varlena + varlena_header_bytes, size - varlena_header_bytes};
}

class RowBatch {
 public:
  /// Bounds: a batch is full when it has `max_rows` rows or its values take `max_bytes` or more, whichever is first;
  /// a single row may go beyond `max_bytes`.
  RowBatch(std::vector<BatchColumn> columns, InvalidValues invalid_values, std::size_t max_rows = 1000,
           std::size_t max_bytes = 256 * 1024);

  // --- for the loader ---
  std::size_t rows() const noexcept { return rows_; }
  std::size_t bytes() const noexcept { return bytes_; }
  bool full() const noexcept { return rows_ >= wanted_rows_ || bytes_ >= max_bytes_; }
  /// From now on the batch is full with `rows` rows already (at least 1; at most as many as it was made for).
  void want_rows(std::size_t rows) noexcept { wanted_rows_ = std::clamp<std::size_t>(rows, 1, max_rows_); }
  std::size_t columns() const noexcept { return columns_.size(); }
  const BatchColumn& column(std::size_t column) const noexcept { return columns_[column]; }
  /// Values and null flags of a column, rows() of each; the loader may replace values in place.
  std::span<std::uint64_t> values(std::size_t column) noexcept { return {values_[column].get(), rows_}; }
  std::span<bool> nulls(std::size_t column) noexcept { return {nulls_[column].get(), rows_}; }
  std::span<const bool> nulls(std::size_t column) const noexcept { return {nulls_[column].get(), rows_}; }
  Arena& arena() noexcept { return arena_; }
  InvalidValues invalid_values() const noexcept { return invalid_values_; }
  /// Values that became NULL because the local type can't hold them, per column, since the batch was made.
  std::span<const std::uint64_t> invalid_counts() const noexcept { return invalid_counts_; }
  /// Number of rows in earlier batches: the first row of this one is number rows_before() + 1.
  std::uint64_t rows_before() const noexcept { return rows_before_; }
  /// Empties the batch for the next rows.
  void clear() noexcept;
  /// The loader's own way to report a value of a finished row: as set_invalid(). A null `shown` shows no value.
  void reject(std::size_t column, std::size_t row, std::string_view reason, std::string_view shown,
              ErrorNumber number = ErrorNumber::cannot_load);
  /// How the DETAIL of an error of this column begins: provider, phase, local type.
  std::string where(std::size_t column) const;

  // --- for the driver: set every column of a row once, in any order, then finish_row() ---
  void set_null(std::size_t column) noexcept { nulls_[column][rows_] = true; }
  void set_bool(std::size_t column, bool value) noexcept { set_datum(column, value ? 1 : 0); }
  /// int2, int4 and int8 alike: a Datum holds them sign-extended. The caller has checked the range.
  void set_int(std::size_t column, std::int64_t value) noexcept {
    set_datum(column, static_cast<std::uint64_t>(value));
  }
  void set_float4(std::size_t column, float value) noexcept { set_int(column, std::bit_cast<std::int32_t>(value)); }
  void set_float8(std::size_t column, double value) noexcept { set_datum(column, std::bit_cast<std::uint64_t>(value)); }
  /// Days since 2000-01-01; INT32_MAX and INT32_MIN are the infinities.
  void set_date(std::size_t column, std::int32_t days) noexcept { set_int(column, days); }
  /// Microseconds since midnight (time) or since 2000-01-01 00:00 (timestamp, timestamptz in UTC).
  void set_microseconds(std::size_t column, std::int64_t microseconds) noexcept { set_int(column, microseconds); }
  void set_interval(std::size_t column, std::int32_t months, std::int32_t days, std::int64_t microseconds);
  void set_uuid(std::size_t column, std::span<const unsigned char, 16> bytes);
  /// A varlena with this payload; for text and receive forms and for bytea. Throws Error beyond max_value_bytes.
  void set_bytes(std::size_t column, std::string_view payload) {
    char* to = reserve_bytes(column, payload.size());
    if (!payload.empty()) std::memcpy(to, payload.data(), payload.size());
  }
  /// The same in place: `payload` bytes to be written by the caller (NUL is put behind them).
  char* reserve_bytes(std::size_t column, std::size_t payload) {
    if (payload > max_value_bytes) throw_too_large(column, payload);
    char* varlena = allocate_value(column, varlena_header_bytes + payload + 1);
    set_varlena_header(varlena, payload);
    char* to = varlena + varlena_header_bytes;
    to[payload] = '\0';
    return to;
  }
  /// numeric from an unscaled integer: value = unscaled / 10^scale.
  void set_numeric(std::size_t column, __int128 unscaled, int scale);
  /// numeric from decimal text `[+-]digits[.digits]`, shown with `scale` digits behind the point (more digits in
  /// the text than that are kept). False if the text is no such number or has more digits than numeric can hold;
  /// the column is then untouched.
  bool set_numeric(std::size_t column, std::string_view decimal, int scale);
  /// numeric whose base 10,000 digits are known, and what is no number.
  void set_numeric(std::size_t column, const PackedGroups& number);
  void set_numeric(std::size_t column, NumericSpecial special);
  /// bit and varbit: `bits` bits, the first bit is the highest of the first byte.
  void set_bits(std::size_t column, std::int32_t bits, std::string_view bytes);
  /// The value can't be held by the local type. Under InvalidValues::error throws Error that names column, row, reason
  /// and value (`shown` is cut to 100 bytes); under null stores NULL and counts it.
  void set_invalid(std::size_t column, std::string_view reason, std::string_view shown,
                   ErrorNumber number = ErrorNumber::cannot_load);
  /// So many values more have become NULL, for that reason, before they came here.
  void count_invalid(std::size_t column, std::uint64_t values) noexcept { invalid_counts_[column] += values; }
  /// Ends the row under construction.
  void finish_row() noexcept { ++rows_; }

 private:
  void set_datum(std::size_t column, std::uint64_t datum) noexcept {
    nulls_[column][rows_] = false;
    values_[column][rows_] = datum;
    bytes_ += sizeof datum;
  }
  char* allocate_value(std::size_t column, std::size_t size) {
    char* value = arena_.allocate(size);
    set_datum(column, reinterpret_cast<std::uintptr_t>(value));
    bytes_ += size;
    return value;
  }
  [[noreturn]] void throw_too_large(std::size_t column, std::size_t payload) const;

  std::vector<BatchColumn> columns_;
  std::vector<std::unique_ptr<std::uint64_t[]>> values_;
  std::vector<std::unique_ptr<bool[]>> nulls_;
  std::vector<std::uint64_t> invalid_counts_;
  Arena arena_;
  InvalidValues invalid_values_;
  std::size_t max_rows_;
  std::size_t wanted_rows_;
  std::size_t max_bytes_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t rows_before_ = 0;
};

}  // namespace connector::core
