// Numbers that the protocol sends as text or as bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::mysql {

/// Stores decimal text, `-123.45`; false if it is no number. `scale`: digits behind the point that the column was
/// described with, to which the value is rounded (half away from zero, as both MySQL and PostgreSQL do): MySQL sends
/// quotients with more digits than it announces and would show; negative = as many as there are. A number with more
/// than `precision` digits (0 = any number of them) is an invalid value.
bool set_decimal(core::RowBatch& batch, std::size_t column, std::string_view text, std::int32_t precision,
                 std::int32_t scale);

/// The number that the bytes of a BIT(`bits`) are, the highest one first. Nothing if there are not as many bytes as
/// that takes, or if bits beyond are set.
std::optional<std::uint64_t> bits_from_bytes(std::string_view bytes, std::int32_t bits) noexcept;
/// The number that is written in decimal digits. Nothing if it is none, or takes more than `bits` bits.
std::optional<std::uint64_t> bits_from_digits(std::string_view text, std::int32_t bits) noexcept;

/// Stores the lowest `bits` bits of a number.
void set_bit_string(core::RowBatch& batch, std::size_t column, std::uint64_t number, std::int32_t bits);

}  // namespace connector::mysql
