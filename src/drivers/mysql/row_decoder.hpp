// Rows of the binary protocol into a RowBatch: no library, no server, bytes only.
//
// The form of a row is from MySQL's and MariaDB's protocol documentation, "Binary Protocol Resultset Row": 0x00, a
// bitmap of NULLs that begins with two unused bits, then the values that are not NULL. Every read is checked against
// the end of the packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/rows/row_batch.hpp"
#include "drivers/mysql/types.hpp"

namespace connector::mysql {

/// A column of the wire row.
struct WireColumn {
  /// Column of the batch it goes to; skipped = none.
  static constexpr std::size_t skipped = static_cast<std::size_t>(-1);

  Decode decode = Decode::text;
  std::size_t target = skipped;
  std::int32_t scale = -1;     ///< decimal: as of set_decimal()
  std::int32_t precision = 0;  ///< decimal: likewise
  std::int32_t bits = 1;       ///< boolean, bits, expression_bits, and integers that are the number of bits
  std::int32_t digits = 0;     ///< time_text: behind the point of seconds
  WideForm wide = WideForm::none;
  /// What an integer is stored as, if the wire's integer is not the one that was described: int2, int4, int8, numeric,
  /// boolean or bit.
  std::optional<core::TypeKind> integer_kind = {};
  bool is_truth = false;  ///< an integer that is stored as a boolean
};

/// Values that come in another form, by their kinds: places in ProviderInfo::substitutions.
enum class Substitution : std::uint8_t { zero_dates, tinyint1 };

class RowDecoder {
 public:
  /// `batch_columns`: number of columns of the batches.
  RowDecoder(std::vector<WireColumn> columns, std::size_t batch_columns, core::InvalidValues zero_dates);

  /// Adds the row in `packet` to `batch`. Throws Error (cannot_read, fetch) if it is malformed, and what RowBatch
  /// throws.
  void decode(std::span<const unsigned char> packet, core::RowBatch& batch);

  /// How many came, per column of the batch: zero and partial dates that became NULL, tinyint(1) of other numbers than
  /// 0 and 1 that became true.
  std::span<const std::uint64_t> substitutions(Substitution kind) const noexcept {
    return kind == Substitution::tinyint1 ? other_truth_counts_ : zero_date_counts_;
  }

 private:
  class Reader;

  void value(const WireColumn& column, Reader& reader, core::RowBatch& batch);
  void truth(const WireColumn& column, __int128 value, core::RowBatch& batch);
  static void integer(const WireColumn& column, __int128 value, core::RowBatch& batch);
  static void bits(const WireColumn& column, std::uint64_t number, core::RowBatch& batch);
  static void expression_bits(const WireColumn& column, std::string_view bytes, core::RowBatch& batch);
  void date(const WireColumn& column, Reader& reader, core::RowBatch& batch);
  void time(const WireColumn& column, Reader& reader, core::RowBatch& batch);
  void wide_text(const WireColumn& column, std::string_view bytes, core::RowBatch& batch);
  void zero_date(const WireColumn& column, core::RowBatch& batch, std::string_view shown);

  std::vector<WireColumn> columns_;
  std::size_t null_bytes_;
  core::InvalidValues zero_dates_;
  std::vector<std::uint64_t> zero_date_counts_;
  std::vector<std::uint64_t> other_truth_counts_;
  std::string converted_;
};

}  // namespace connector::mysql
