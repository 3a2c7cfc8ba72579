#include "drivers/odbc/fetch_plan.hpp"

#include <algorithm>

namespace connector::odbc {

namespace {

constexpr std::size_t most_rows = 1000;
constexpr std::size_t most_bytes = 1024 * 1024;
constexpr std::size_t alignment = 8;

/// Where values of any size can be asked for again for sure, most of them are short.
constexpr std::size_t guessed_units = 250;

bool varies(const Reading& column) {
  return column.fixed_bytes == 0;
}

bool is_long(const Reading& column) {
  return varies(column) && column.expected_units == 0;
}

/// Sizes are told in characters, in bytes, or in units of UTF-16, as the driver likes.
std::size_t buffer_bytes(const Reading& column, bool is_sure) {
  if (!varies(column)) return column.fixed_bytes;
  std::size_t units = is_long(column) ? guessed_units : column.expected_units;
  const bool is_text = column.decode == Decode::text || column.decode == Decode::wide_text;
  if (is_sure) {
    units += units / 4;
  } else if (is_text) {
    units *= column.decode == Decode::wide_text ? 2 : 4;
  }
  // A buffer that is nearly full is not believed to have the whole value.
  return (units * column.unit_bytes + column.end_bytes + alignment) / alignment * alignment + alignment;
}

}  // namespace

FetchPlan plan_fetch(std::span<const Reading> columns, const DriverTraits& traits, FetchMode mode) {
  const bool has_varying = std::ranges::any_of(columns, varies);
  const bool has_long = std::ranges::any_of(columns, is_long);
  FetchPlan plan;
  // MariaDB's driver says that it can, but gives nothing of a block. The lengths that it tells are right.
  plan.gets_again = traits.bound_get_data && traits.any_column_get_data && traits.database != Database::mysql;
  const bool gets_from_blocks = plan.gets_again && traits.block_get_data;
  // MDBTools writes lengths of four bytes in place of eight into what is bound.
  bool any_may_be_bound = traits.database != Database::mdbtools;
  // Long values are bound only where it is known that a driver does what it says. One that gives a value again of a
  // single row only gets single rows: sizes may be wrong. One that gives none again is believed first.
  const bool is_sure = gets_from_blocks && traits.database == Database::postgres;
  const bool by_blocks = mode == FetchMode::quick && any_may_be_bound &&
                         (is_sure || (!has_long && (!has_varying || gets_from_blocks || !plan.gets_again)));
  std::size_t row_bytes = 0;
  for (const Reading& column : columns) {
    const bool is_asked_for = !by_blocks && (mode == FetchMode::careful ? varies(column) : is_long(column));
    if (is_asked_for && !traits.any_column_get_data) any_may_be_bound = false;
    const bool is_bound = !is_asked_for && any_may_be_bound;
    plan.bound_bytes.push_back(is_bound ? buffer_bytes(column, is_sure) : 0);
    row_bytes += plan.bound_bytes.back() + sizeof(SQLLEN);
  }
  if (by_blocks) plan.rows = std::clamp<std::size_t>(most_bytes / std::max<std::size_t>(row_bytes, 1), 1, most_rows);
  return plan;
}

}  // namespace connector::odbc
