#include "drivers/mysql/decimal_text.hpp"

#include <algorithm>
#include <array>
#include <string>

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

/// The text with `scale` digits behind the point instead of the more it has.
std::string rounded(std::string_view text, std::size_t scale) {
  const std::size_t point = text.find('.');
  std::string result(text.substr(0, point + 1 + scale));
  if (text[result.size()] < '5') return result;
  std::size_t i = result.size();
  while (i > 0) {
    char& c = result[--i];
    if (c == '.') continue;
    if (c < '0' || c > '8') {
      if (c != '9') break;  // the sign
      c = '0';
      continue;
    }
    ++c;
    return result;
  }
  return result.insert(result[0] == '-' ? 1 : 0, 1, '1');
}

}  // namespace

bool set_decimal(core::RowBatch& batch, std::size_t column, std::string_view text, std::int32_t scale) {
  const bool negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(negative ? 1 : 0);
  __int128 unscaled = 0;
  std::int32_t text_scale = 0;
  bool is_number;
  if (digits.size() <= int64_digits) {
    std::int64_t value = 0;
    is_number = read_digits(digits, value, text_scale);
    unscaled = value;
  } else if (digits.size() <= int128_digits) {
    is_number = read_digits(digits, unscaled, text_scale);
  } else {
    std::uint8_t ignored = 0;
    is_number = read_digits(digits, ignored, text_scale);
  }
  if (!is_number) return false;
  if (scale >= 0 && text_scale > scale)
    return batch.set_numeric(column, rounded(text, static_cast<std::size_t>(scale)), scale);
  if (digits.size() > int128_digits || text_scale < scale) return batch.set_numeric(column, text, std::max(scale, 0));
  batch.set_numeric(column, negative ? -unscaled : unscaled, text_scale);
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
