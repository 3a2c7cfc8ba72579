#include "core/rows/row_batch.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "core/rows/numeric.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

RowBatch::RowBatch(std::vector<BatchColumn> columns, InvalidValues invalid_values, std::size_t max_rows,
                   std::size_t max_bytes)
    : columns_(std::move(columns)),
      invalid_counts_(columns_.size()),
      invalid_values_(invalid_values),
      max_rows_(std::max<std::size_t>(max_rows, 1)),
      wanted_rows_(max_rows_),
      max_bytes_(std::max<std::size_t>(max_bytes, 1)) {
  values_.reserve(columns_.size());
  nulls_.reserve(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    values_.push_back(std::make_unique<std::uint64_t[]>(max_rows_));
    nulls_.push_back(std::make_unique<bool[]>(max_rows_));
  }
}

void RowBatch::clear() noexcept {
  rows_before_ += rows_;
  rows_ = 0;
  bytes_ = 0;
  arena_.clear();
}

void RowBatch::set_interval(std::size_t column, std::int32_t months, std::int32_t days, std::int64_t microseconds) {
  char* value = allocate_value(column, 16);
  std::memcpy(value, &microseconds, 8);
  std::memcpy(value + 8, &days, 4);
  std::memcpy(value + 12, &months, 4);
}

void RowBatch::set_uuid(std::size_t column, std::span<const unsigned char, 16> bytes) {
  std::memcpy(allocate_value(column, 16), bytes.data(), 16);
}

void RowBatch::set_numeric(std::size_t column, __int128 unscaled, int scale) {
  if (scale >= 0 && scale <= max_numeric_scale) {
    const PackedInteger number(unscaled, scale);
    const std::size_t size = number.size();
    char* varlena = allocate_value(column, varlena_header_bytes + size);
    set_varlena_header(varlena, size);
    number.write(varlena + varlena_header_bytes);
    return;
  }
  // No database has such scales for this many digits, but the value is defined: write its zeros out.
  std::string text;
  auto magnitude = static_cast<unsigned __int128>(unscaled);
  if (unscaled < 0) magnitude = -magnitude;
  do {
    text.insert(text.begin(), static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude != 0);
  if (unscaled < 0) text.insert(text.begin(), '-');
  const bool writable = scale < 0 && scale >= -4 * (max_numeric_weight + 1);
  if (writable) text.append(static_cast<std::size_t>(-scale), '0');
  if (!writable || !set_numeric(column, text, 0)) set_invalid(column, "scale is out of range for numeric", text);
}

bool RowBatch::set_numeric(std::size_t column, std::string_view decimal, int scale) {
  const auto number = PackedDecimal::parse(decimal, std::clamp(scale, 0, max_numeric_scale));
  if (!number) return false;
  const std::size_t size = number->size();
  char* varlena = allocate_value(column, varlena_header_bytes + size);
  set_varlena_header(varlena, size);
  number->write(varlena + varlena_header_bytes);
  return true;
}

void RowBatch::set_numeric(std::size_t column, const PackedGroups& number) {
  const std::size_t size = number.size();
  char* varlena = allocate_value(column, varlena_header_bytes + size);
  set_varlena_header(varlena, size);
  number.write(varlena + varlena_header_bytes);
}

void RowBatch::set_numeric(std::size_t column, NumericSpecial special) {
  char* varlena = allocate_value(column, varlena_header_bytes + sizeof special);
  set_varlena_header(varlena, sizeof special);
  std::memcpy(varlena + varlena_header_bytes, &special, sizeof special);
}

void RowBatch::set_bits(std::size_t column, std::int32_t bits, std::string_view bytes) {
  const auto count = (static_cast<std::size_t>(bits) + 7) / 8;
  const std::size_t size = sizeof bits + count;
  char* varlena = allocate_value(column, varlena_header_bytes + size);
  set_varlena_header(varlena, size);
  char* to = varlena + varlena_header_bytes;
  std::memcpy(to, &bits, sizeof bits);
  to += sizeof bits;
  const std::size_t given = std::min(count, bytes.size());
  if (given > 0) std::memcpy(to, bytes.data(), given);
  std::memset(to + given, 0, count - given);
  // PostgreSQL compares whole bytes: the unused bits of the last one must be zero.
  if (bits % 8 != 0) to[count - 1] = static_cast<char>(to[count - 1] & (0xff << (8 - bits % 8)));
}

void RowBatch::set_invalid(std::size_t column, std::string_view reason, std::string_view shown, ErrorNumber number) {
  reject(column, rows_, reason, shown, number);
}

void RowBatch::reject(std::size_t column, std::size_t row, std::string_view reason, std::string_view shown,
                      ErrorNumber number) {
  if (invalid_values_ == InvalidValues::null) {
    nulls_[column][row] = true;
    ++invalid_counts_[column];
    return;
  }
  std::string message =
      "column " + core::quoted(columns_[column].name) + ", row " + std::to_string(rows_before_ + row + 1);
  message += ": ";
  message += reason;
  if (shown.data() != nullptr) message += ": " + core::quoted(shown);
  std::string hint = "To load such values as NULL, set \"invalid_values\" to \"null\".";
  if (number == ErrorNumber::encoding) hint.insert(0, std::string(error_number_info(number).what_to_do) + ' ');
  throw Error(number, std::move(message), where(column) + '.', std::move(hint));
}

std::string RowBatch::where(std::size_t column) const {
  const BatchColumn& found = columns_[column];
  const std::string local_type = found.local_type.empty() ? sql_type_name(found.type) : found.local_type;
  return (found.provider.empty() ? "Phase" : "Provider " + found.provider + ", phase") + " convert, local type " +
         local_type;
}

void RowBatch::throw_too_large(std::size_t column, std::size_t payload) const {
  throw Error(ErrorNumber::cannot_load,
              "column " + core::quoted(columns_[column].name) + ", row " + std::to_string(rows_before_ + rows_ + 1) +
                  ": value of " + std::to_string(payload) + " bytes is too large",
              where(column) + ". The largest value is " + std::to_string(max_value_bytes) + " bytes.");
}

}  // namespace connector::core
