#include "core/remote/range_sums.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace connector::core {

namespace {

WideSum read_wide(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  WideSum value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return negative ? -value : value;
}

}  // namespace

std::string wide_text(WideSum value) {
  const bool negative = value < 0;
  std::string digits;
  do {
    const int digit = static_cast<int>(value % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) digits += '-';
  std::ranges::reverse(digits);
  return digits;
}

RangeSum add(const RangeSum& left, const RangeSum& right) {
  if (left.rows == 0) return right;
  if (right.rows == 0) return left;
  const auto halves = [](const std::string& sums) {
    const std::size_t blank = sums.find(' ');
    const std::string_view all = sums;
    return std::pair(read_wide(all.substr(0, blank)), read_wide(all.substr(blank + 1)));
  };
  const auto [left_first, left_second] = halves(left.sums);
  const auto [right_first, right_second] = halves(right.sums);
  return {left.rows + right.rows, wide_text(left_first + right_first) + " " + wide_text(left_second + right_second)};
}

}  // namespace connector::core
