// Decimals in the form PostgreSQL stores them in: the payload of a `numeric` varlena.
//
// The form (src/backend/utils/adt/numeric.c): a sign, a display scale, and digits of base 10,000 in the CPU's byte
// order, the first of which has the given weight (power of 10,000). Leading and trailing zero digits are left out;
// zero has no digits. A two-byte header is used where scale and weight fit in it, else a four-byte one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace connector::core {

/// The largest display scale that numeric stores, and the largest weight of a base 10,000 digit.
inline constexpr int max_numeric_scale = 0x3fff;
inline constexpr int max_numeric_weight = 0x7fff;

/// A decimal ready to be written: unscaled / 10^scale.
class PackedInteger {
 public:
  /// `scale` must be in 0 .. max_numeric_scale.
  PackedInteger(__int128 unscaled, int scale) noexcept;
  /// Bytes that write() needs.
  std::size_t size() const noexcept;
  void write(char* payload) const noexcept;

 private:
  static constexpr int capacity = 12;  // 39 decimal digits, both ends unaligned
  std::uint16_t digits_[capacity];     // right-aligned
  int first_ = capacity;
  int end_ = capacity;
  int weight_ = 0;
  int scale_;
  bool negative_;
};

/// Decimal text ready to be written. Refers to the text.
class PackedDecimal {
 public:
  /// Reads `[+-]digits[.digits]`, where the digits before or behind the point may be missing, not both. The display
  /// scale is `scale` (0 .. max_numeric_scale), or the number of digits behind the point if that is more. Nothing if
  /// the text is no such number, or beyond what numeric can hold.
  static std::optional<PackedDecimal> parse(std::string_view text, int scale) noexcept;
  std::size_t size() const noexcept;
  void write(char* payload) const noexcept;

 private:
  std::string_view digits_;         // from the first digit that is not zero to the last such, perhaps with the point
  std::ptrdiff_t first_place_ = 0;  // place of the first digit behind the point: 0 = tenths, -1 = ones
  int weight_ = 0;
  std::size_t groups_ = 0;
  int scale_ = 0;
  bool negative_ = false;
};

/// A decimal whose base 10,000 digits are known, as PostgreSQL's wire form has them. Refers to the digits.
class PackedGroups {
 public:
  /// The sum of groups[i] * 10,000 ^ (weight - i). `scale` must be in 0 .. max_numeric_scale, `weight` at most
  /// max_numeric_weight, the groups below 10,000. What lies beyond the scale is dropped (and zeroed in `groups`).
  PackedGroups(std::span<std::uint16_t> groups, int weight, int scale, bool negative) noexcept;
  std::size_t size() const noexcept;
  void write(char* payload) const noexcept;

 private:
  std::span<const std::uint16_t> groups_;
  int weight_ = 0;
  int scale_;
  bool negative_ = false;
};

/// What is no number but may stand in a `numeric`: its whole payload, the infinities from PostgreSQL 14 on.
enum class NumericSpecial : std::uint16_t { nan = 0xc000, infinity = 0xd000, minus_infinity = 0xf000 };

/// Whether bytes of unknown origin are the payload of a `numeric` as PostgreSQL writes it.
bool is_numeric_payload(std::string_view payload) noexcept;

}  // namespace connector::core
