#include "drivers/odbc/fetch_plan.hpp"

#include <algorithm>

namespace connector::odbc {

namespace {

constexpr std::size_t most_rows = 1000;
constexpr std::size_t most_bytes = 1024 * 1024;
constexpr std::size_t alignment = 8;

/// Where values of any size can be asked for again, most of them are short.
constexpr std::size_t guessed_units = 250;

bool varies(const Reading& column) {
  return column.fixed_bytes == 0;
}

bool is_long(const Reading& column) {
  return varies(column) && column.expected_units == 0;
}

/// Sizes are told in characters, in bytes, or in units of UTF-16, as the driver likes.
std::size_t buffer_bytes(const Reading& column, bool gets_again) {
  if (!varies(column)) return column.fixed_bytes;
  std::size_t units = is_long(column) ? guessed_units : column.expected_units;
  const bool is_text = column.decode == Decode::text || column.decode == Decode::wide_text;
  if (gets_again) {
    units += units / 4;
  } else if (is_text) {
    units *= column.decode == Decode::wide_text ? 2 : 4;
  }
  return (units * column.unit_bytes + column.end_bytes + alignment - 1) / alignment * alignment;
}

}  // namespace

FetchPlan plan_fetch(std::span<const Reading> columns, const DriverTraits& traits, FetchMode mode) {
  const bool has_varying = std::ranges::any_of(columns, varies);
  const bool has_long = std::ranges::any_of(columns, is_long);
  FetchPlan plan;
  plan.gets_again = traits.bound_get_data && traits.any_column_get_data;
  const bool gets_from_blocks = plan.gets_again && traits.block_get_data;
  // A driver that gives a value again of a single row only gets single rows: sizes may be wrong. One that gives none
  // again is believed first.
  const bool by_blocks =
      mode == FetchMode::quick && (gets_from_blocks || (!has_long && !(plan.gets_again && has_varying)));
  std::size_t row_bytes = 0;
  bool any_may_be_bound = true;
  for (const Reading& column : columns) {
    const bool is_asked_for = !by_blocks && (mode == FetchMode::careful ? varies(column) : is_long(column));
    if (is_asked_for && !traits.any_column_get_data) any_may_be_bound = false;
    const bool is_bound = !is_asked_for && any_may_be_bound;
    plan.bound_bytes.push_back(is_bound ? buffer_bytes(column, plan.gets_again) : 0);
    row_bytes += plan.bound_bytes.back() + sizeof(SQLLEN);
  }
  if (by_blocks) plan.rows = std::clamp<std::size_t>(most_bytes / std::max<std::size_t>(row_bytes, 1), 1, most_rows);
  return plan;
}

}  // namespace connector::odbc
