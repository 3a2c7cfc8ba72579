// Values in the forms of ODBC's C types, into a batch.
#pragma once

#include <string_view>

#include "core/rows/row_batch.hpp"
#include "drivers/odbc/decoder.hpp"

namespace connector::odbc {

/// Stores a value that is not NULL. `bytes`: what the driver wrote, without the 0 at its end, and as many as the C type
/// has if it has a fixed size.
void store_value(const Decoder& decoder, std::string_view bytes, core::RowBatch& batch, Counts& counts);

}  // namespace connector::odbc
