#include "drivers/mysql/decimal_text.hpp"

#include <algorithm>
#include <array>

namespace connector::mysql {

namespace {

/// Digits that surely fit the integers below.
constexpr std::size_t int64_digits = 18;
constexpr std::size_t int128_digits = 38;

/// Reads digits with at most one point among them. False if there is anything else.
template <typename Number>
bool read_digits(std::string_view text, Number& value, std::int32_t& scale) {
  bool behind_point = false;
  bool any = false;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit <= 9) {
      value = static_cast<Number>(value * 10 + static_cast<int>(digit));
      scale += behind_point ? 1 : 0;
      any = true;
    } else if (c == '.' && !behind_point) {
      behind_point = true;
    } else {
      return false;
    }
  }
  return any;
}

}  // namespace

bool set_decimal(core::RowBatch& batch, std::size_t column, std::string_view text, std::int32_t scale) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  __int128 unscaled = 0;
  std::int32_t text_scale = 0;
  bool ok;
  if (digits.size() <= int64_digits) {
    std::int64_t value = 0;
    ok = read_digits(digits, value, text_scale);
    unscaled = value;
  } else if (digits.size() <= int128_digits) {
    ok = read_digits(digits, unscaled, text_scale);
  } else {
    return batch.set_numeric(column, text, scale);
  }
  if (!ok) return false;
  if (text_scale != scale) return batch.set_numeric(column, text, scale);
  batch.set_numeric(column, negative ? -unscaled : unscaled, scale);
  return true;
}

bool set_bit_string(core::RowBatch& batch, std::size_t column, std::string_view bytes, std::int32_t bits) {
  std::array<char, 8> left{};
  const auto size = static_cast<std::size_t>((bits + 7) / 8);
  if (bytes.size() != size || size > left.size()) return false;
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  number <<= size * 8 - static_cast<std::size_t>(bits);
  for (std::size_t i = size; i-- > 0; number >>= 8) left[i] = static_cast<char>(number);
  batch.set_bits(column, bits, {left.data(), size});
  return true;
}

}  // namespace connector::mysql
