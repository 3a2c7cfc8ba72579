// Decimal text of a remote, stored as a column's numeric.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::core {

/// What happens to digits behind the point that a column was not described with.
enum class ExcessDigits : std::uint8_t {
  round,   ///< half away from zero, as both MySQL and PostgreSQL do
  invalid  ///< zeros go, others make the value invalid
};

/// Stores decimal text, `-123.45`; false if it is no number. `scale`: digits behind the point that the column was
/// described with; negative = as many as there are. A number with more than `precision` digits (0 = any number of them)
/// is an invalid value.
bool set_decimal(RowBatch& batch, std::size_t column, std::string_view text, std::int32_t precision, std::int32_t scale,
                 ExcessDigits excess);

}  // namespace connector::core
