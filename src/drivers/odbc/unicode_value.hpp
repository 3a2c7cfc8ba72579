// Text values in UTF-16.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::odbc {

/// Stores UTF-16 in the machine's order of bytes as UTF-8. A surrogate without the other one, or half a unit, makes the
/// value invalid.
void set_wide_text(core::RowBatch& batch, std::size_t column, std::string_view bytes);

}  // namespace connector::odbc
