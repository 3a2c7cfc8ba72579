#include "core/rows/decimal_text.hpp"

#include <algorithm>
#include <string>

namespace connector::core {

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

/// True if the number, which is one, has no more digits before the point than a decimal(`precision`,`scale`).
bool fits(std::string_view text, std::int32_t precision, std::int32_t scale) {
  const std::size_t first = text.find_first_not_of("-0");
  if (first == std::string_view::npos) return true;
  const std::size_t point = std::min(text.find('.'), text.size());
  return point <= first || point - first <= static_cast<std::size_t>(precision - scale);
}

/// Whether one of the digits beyond `scale` behind the point is not 0.
bool has_other_digits(std::string_view text, std::size_t scale) {
  return text.find_first_not_of('0', text.find('.') + 1 + scale) != std::string_view::npos;
}

std::string too_many_digits(std::int32_t precision, std::int32_t scale) {
  return "has more digits than decimal(" + std::to_string(precision) + ',' + std::to_string(scale) + ") has";
}

}  // namespace

bool set_decimal(RowBatch& batch, std::size_t column, std::string_view text, std::int32_t precision, std::int32_t scale,
                 ExcessDigits excess) {
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
  std::string shorter;
  if (scale >= 0 && text_scale > scale) {
    shorter = rounded(text, static_cast<std::size_t>(scale));
    if (excess == ExcessDigits::invalid && has_other_digits(text, static_cast<std::size_t>(scale))) {
      batch.set_invalid(column, too_many_digits(precision, scale), text);
      return true;
    }
    text = shorter;
  }
  if (precision > 0 && !fits(text, precision, std::max(scale, 0))) {
    batch.set_invalid(column, too_many_digits(precision, scale), text);
    return true;
  }
  if (!shorter.empty()) return batch.set_numeric(column, text, scale);
  if (digits.size() > int128_digits || text_scale < scale) return batch.set_numeric(column, text, std::max(scale, 0));
  batch.set_numeric(column, negative ? -unscaled : unscaled, text_scale);
  return true;
}

}  // namespace connector::core
