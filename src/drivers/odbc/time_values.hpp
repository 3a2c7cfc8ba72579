// Dates, times and intervals in the forms of ODBC.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/rows/row_batch.hpp"
#include "drivers/odbc/decoder.hpp"

namespace connector::odbc {

void set_date(const SQL_DATE_STRUCT& value, std::size_t column, core::RowBatch& batch);
void set_time(const SQL_TIME_STRUCT& value, std::size_t column, core::RowBatch& batch);
void set_timestamp(const SQL_TIMESTAMP_STRUCT& value, std::size_t column, core::RowBatch& batch, Counts& counts);

/// Of one of the decodings from `date_text` to `interval_text`.
void set_time_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch, Counts& counts);

}  // namespace connector::odbc
