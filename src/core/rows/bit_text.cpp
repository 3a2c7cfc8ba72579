#include "core/rows/bit_text.hpp"

#include <array>
#include <charconv>

namespace connector::core {

namespace {

bool has_bits(std::uint64_t number, std::int32_t bits) noexcept {
  return bits >= 64 || number >> bits == 0;
}

}  // namespace

std::optional<std::uint64_t> bits_from_bytes(std::string_view bytes, std::int32_t bits) noexcept {
  if (bits < 1 || bits > 64 || bytes.size() != static_cast<std::size_t>((bits + 7) / 8)) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return has_bits(number, bits) ? std::optional(number) : std::nullopt;
}

std::optional<std::uint64_t> bits_from_digits(std::string_view text, std::int32_t bits) noexcept {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  return is_number && has_bits(number, bits) ? std::optional(number) : std::nullopt;
}

void set_bit_string(RowBatch& batch, std::size_t column, std::uint64_t number, std::int32_t bits) {
  std::array<char, 8> left{};
  const auto size = static_cast<std::size_t>((bits + 7) / 8);
  number <<= size * 8 - static_cast<std::size_t>(bits);
  for (std::size_t i = size; i-- > 0; number >>= 8) left[i] = static_cast<char>(number);
  batch.set_bits(column, bits, {left.data(), size});
}

}  // namespace connector::core
