#include "drivers/postgres/row_decoder.hpp"

#include <bit>
#include <cstring>
#include <string>
#include <utility>

#include "core/rows/numeric.hpp"
#include "core/base/utf8.hpp"
#include "drivers/postgres/errors.hpp"

namespace connector::postgres {

namespace {

constexpr unsigned char signature[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
constexpr std::size_t count_bytes = 2;
constexpr std::size_t length_bytes = 4;
constexpr std::uint32_t critical_flags = 0xffff0000;
constexpr std::size_t max_extension_bytes = 4096;  // none has ever been defined
/// The server builds a row in a buffer of PostgreSQL's largest allocation.
constexpr std::size_t max_row_bytes = 0x3fffffff;

// Ranges of src/include/datatype/timestamp.h.
constexpr std::int64_t day_microseconds = 86400000000;
constexpr std::int64_t min_timestamp = -211813488000000000;
constexpr std::int64_t end_timestamp = 9223371331200000000;
constexpr std::int32_t min_date = -2451545;  // 4714-11-24 BC
constexpr std::int32_t end_date = 2145031949;

template <typename Number>
Number read(const unsigned char* at) noexcept {
  if constexpr (sizeof(Number) == 2) {
    std::uint16_t bits;
    std::memcpy(&bits, at, sizeof bits);
    if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap16(bits);
    return std::bit_cast<Number>(bits);
  } else if constexpr (sizeof(Number) == 4) {
    std::uint32_t bits;
    std::memcpy(&bits, at, sizeof bits);
    if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap32(bits);
    return std::bit_cast<Number>(bits);
  } else {
    std::uint64_t bits;
    std::memcpy(&bits, at, sizeof bits);
    if constexpr (std::endian::native == std::endian::little) bits = __builtin_bswap64(bits);
    return std::bit_cast<Number>(bits);
  }
}

[[noreturn]] void throw_wrong_value(std::size_t column, const core::RowBatch& batch, std::string_view what) {
  throw_malformed("a value of column " + core::quoted(batch.column(column).name) + ' ' + std::string(what));
}

/// The only number in a value.
template <typename Number>
Number only(std::size_t column, std::span<const unsigned char> bytes, const core::RowBatch& batch) {
  if (bytes.size() != sizeof(Number)) throw_wrong_value(column, batch, "has a wrong size");
  return read<Number>(bytes.data());
}

void check_range(bool in_range, std::size_t column, const core::RowBatch& batch) {
  if (!in_range) throw_wrong_value(column, batch, "is out of range");
}

bool is_date(std::int32_t days) noexcept {
  return (days >= min_date && days < end_date) || days == INT32_MIN || days == INT32_MAX;
}

bool is_timestamp(std::int64_t microseconds) noexcept {
  return (microseconds >= min_timestamp && microseconds < end_timestamp) || microseconds == INT64_MIN ||
         microseconds == INT64_MAX;
}

}  // namespace

std::size_t RowDecoder::decode(std::span<const unsigned char> bytes, core::RowBatch& batch) {
  std::size_t done = in_header_ ? header(bytes) : 0;
  if (in_header_) return 0;
  while (!batch.full() && !at_end_) {
    const std::span<const unsigned char> rest = bytes.subspan(done);
    const std::size_t size = row_size(rest);
    if (size == 0) break;
    if (!at_end_) row(rest.data() + count_bytes, batch);
    done += size;
  }
  return done;
}

/// The size of the header, or 0 if it is not complete.
std::size_t RowDecoder::header(std::span<const unsigned char> bytes) {
  if (bytes.size() < header_bytes) return 0;
  if (std::memcmp(bytes.data(), signature, sizeof signature) != 0) {
    throw_malformed("the rows of the server do not begin with the signature of COPY's binary format");
  }
  if ((read<std::uint32_t>(bytes.data() + sizeof signature) & critical_flags) != 0) {
    throw_malformed("the rows of the server are in a format that is not known");
  }
  const auto extension = read<std::uint32_t>(bytes.data() + sizeof signature + length_bytes);
  if (extension > max_extension_bytes) throw_malformed("the header of the server's rows is too long");
  needed_ = header_bytes + extension;
  if (bytes.size() < needed_) return 0;
  in_header_ = false;
  return std::exchange(needed_, count_bytes);
}

/// The size of the row in front, or of the end mark; 0 if it is not complete.
std::size_t RowDecoder::row_size(std::span<const unsigned char> bytes) {
  needed_ = count_bytes;
  if (bytes.size() < needed_) return 0;
  const auto count = read<std::int16_t>(bytes.data());
  if (count == -1) {
    at_end_ = true;
    return count_bytes;
  }
  if (count < 0 || static_cast<std::size_t>(count) != columns_.size()) {
    throw_malformed("a row of the server has " + std::to_string(count) + " fields in place of " +
                    std::to_string(columns_.size()));
  }
  std::size_t size = count_bytes;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (bytes.size() < size + length_bytes) {
      needed_ = size + length_bytes;
      return 0;
    }
    const auto length = read<std::int32_t>(bytes.data() + size);
    if (length < -1) throw_malformed("a value of the server has a negative length");
    size += length_bytes + (length > 0 ? static_cast<std::size_t>(length) : 0);
    if (size > max_row_bytes) throw_malformed("a row of the server is longer than rows can be");
  }
  if (bytes.size() >= size) return size;
  needed_ = size;
  return 0;
}

void RowDecoder::row(const unsigned char* at, core::RowBatch& batch) {
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    const auto length = read<std::int32_t>(at);
    at += length_bytes;
    if (length < 0) {
      batch.set_null(column);
      continue;
    }
    value(column, {at, static_cast<std::size_t>(length)}, batch);
    at += length;
  }
  batch.finish_row();
}

void RowDecoder::value(std::size_t column, std::span<const unsigned char> bytes, core::RowBatch& batch) {
  switch (columns_[column]) {
    case Decode::boolean:
      if (bytes.size() != 1) throw_wrong_value(column, batch, "has a wrong size");
      return batch.set_bool(column, bytes[0] != 0);
    case Decode::int2:
      return batch.set_int(column, only<std::int16_t>(column, bytes, batch));
    case Decode::int4:
      return batch.set_int(column, only<std::int32_t>(column, bytes, batch));
    case Decode::int8:
      return batch.set_int(column, only<std::int64_t>(column, bytes, batch));
    case Decode::float4:
      return batch.set_float4(column, only<float>(column, bytes, batch));
    case Decode::float8:
      return batch.set_float8(column, only<double>(column, bytes, batch));
    case Decode::numeric:
      return numeric(column, bytes, batch);
    case Decode::bytes:
      return batch.set_bytes(column, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    case Decode::date: {
      const auto days = only<std::int32_t>(column, bytes, batch);
      check_range(is_date(days), column, batch);
      return batch.set_date(column, days);
    }
    case Decode::time: {
      const auto microseconds = only<std::int64_t>(column, bytes, batch);
      check_range(microseconds >= 0 && microseconds <= day_microseconds, column, batch);
      return batch.set_microseconds(column, microseconds);
    }
    case Decode::timestamp: {
      const auto microseconds = only<std::int64_t>(column, bytes, batch);
      check_range(is_timestamp(microseconds), column, batch);
      return batch.set_microseconds(column, microseconds);
    }
    case Decode::interval:
      if (bytes.size() != 16) throw_wrong_value(column, batch, "has a wrong size");
      return batch.set_interval(column, read<std::int32_t>(bytes.data() + 12), read<std::int32_t>(bytes.data() + 8),
                                read<std::int64_t>(bytes.data()));
    case Decode::uuid:
      if (bytes.size() != 16) throw_wrong_value(column, batch, "has a wrong size");
      return batch.set_uuid(column, bytes.first<16>());
  }
}

/// Number of digits, weight of the first one, sign, display scale; then the digits, of base 10,000.
void RowDecoder::numeric(std::size_t column, std::span<const unsigned char> bytes, core::RowBatch& batch) {
  constexpr std::size_t header_size = 8;
  constexpr std::uint16_t positive = 0, negative = 0x4000, base = 10000;
  if (bytes.size() < header_size) throw_wrong_value(column, batch, "has a wrong size");
  const auto count = read<std::uint16_t>(bytes.data());
  const auto weight = read<std::int16_t>(bytes.data() + 2);
  const auto sign = read<std::uint16_t>(bytes.data() + 4);
  const auto scale = read<std::uint16_t>(bytes.data() + 6);
  if (bytes.size() != header_size + std::size_t{count} * 2) throw_wrong_value(column, batch, "has a wrong size");
  const auto special = static_cast<core::NumericSpecial>(sign);
  if (special == core::NumericSpecial::nan || special == core::NumericSpecial::infinity ||
      special == core::NumericSpecial::minus_infinity) {
    return batch.set_numeric(column, special);
  }
  check_range((sign == positive || sign == negative) && scale <= core::max_numeric_scale, column, batch);
  groups_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    groups_[i] = read<std::uint16_t>(bytes.data() + header_size + 2 * i);
    check_range(groups_[i] < base, column, batch);
  }
  batch.set_numeric(column, core::PackedGroups(groups_, weight, scale, sign == negative));
}

}  // namespace connector::postgres
