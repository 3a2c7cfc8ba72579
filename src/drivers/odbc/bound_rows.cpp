#include "drivers/odbc/bound_rows.hpp"

#include <algorithm>

namespace connector::odbc {

BoundRows::BoundRows(const FetchPlan& plan, std::span<const Reading> columns)
    : rows_(plan.rows), columns_(columns.size()), lengths_(columns.size() * plan.rows), states_(plan.rows) {
  std::size_t offset = 0;
  // Behind the last value stays room for the largest C type, against drivers that write one of a wrong size.
  constexpr std::size_t spare_bytes = 64;
  constexpr std::size_t alignment = 8;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    Column& column = columns_[i];
    column.offset = offset;
    column.bytes = plan.bound_bytes[i];
    column.room =
        columns[i].fixed_bytes > 0 ? column.bytes : column.bytes - std::min(column.bytes, columns[i].end_bytes);
    offset += (column.bytes * rows_ + alignment - 1) / alignment * alignment;
  }
  memory_ = std::make_unique<char[]>(offset + spare_bytes);
}

void BoundRows::forget() noexcept {
  std::ranges::fill(lengths_, nothing_told);
  std::ranges::fill(states_, static_cast<SQLUSMALLINT>(SQL_ROW_SUCCESS));
  fetched_ = static_cast<SQLULEN>(-1);
}

}  // namespace connector::odbc
