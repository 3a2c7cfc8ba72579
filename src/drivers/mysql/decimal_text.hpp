// Numbers that the protocol sends as text or as bits.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/row_batch.hpp"

namespace connector::mysql {

/// Stores decimal text, `-123.45`; false if it is no number. `scale`: digits behind the point that the column was
/// described with, to which the value is rounded (half away from zero, as both MySQL and PostgreSQL do): MySQL sends
/// quotients with more digits than it announces and would show; negative = as many as there are.
bool set_decimal(core::RowBatch& batch, std::size_t column, std::string_view text, std::int32_t scale);

/// Stores a BIT(n): its bytes are a big-endian number, so the bits stand right-aligned; false if there are not as
/// many bytes as n bits take.
bool set_bit_string(core::RowBatch& batch, std::size_t column, std::string_view bytes, std::int32_t bits);

}  // namespace connector::mysql
