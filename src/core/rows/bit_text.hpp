// Numbers that remotes send as bits, or as the digits of their number.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::core {

/// The number that the bytes of a BIT(`bits`) are, the highest one first. Nothing if there are not as many bytes as
/// that takes, or if bits beyond are set.
std::optional<std::uint64_t> bits_from_bytes(std::string_view bytes, std::int32_t bits) noexcept;
/// The number that is written in decimal digits. Nothing if it is none, or takes more than `bits` bits.
std::optional<std::uint64_t> bits_from_digits(std::string_view text, std::int32_t bits) noexcept;

/// Stores the lowest `bits` bits of a number.
void set_bit_string(RowBatch& batch, std::size_t column, std::uint64_t number, std::int32_t bits);

}  // namespace connector::core
