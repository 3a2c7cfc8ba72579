#include "jobs/row_rate.hpp"

#include <algorithm>

namespace connector::jobs {

namespace {

constexpr std::int64_t second = 1000000;
constexpr std::int64_t window = 5 * second;
/// Where nothing has come for so long, nothing comes.
constexpr std::int64_t stall = 10 * second;

}  // namespace

void RowRate::add(std::int64_t rows, std::int64_t now) noexcept {
  mark_.last_row = now;
  if (now - next_since_ < window) return;
  mark_.since = next_since_;
  mark_.rows = next_rows_;
  next_since_ = now;
  next_rows_ = rows;
}

std::optional<double> RowRate::rate(const Mark& mark, std::int64_t rows, std::int64_t now) noexcept {
  if (mark.since == 0 || mark.last_row == 0) return std::nullopt;
  if (now - mark.last_row > stall) return 0.0;
  const std::int64_t lasted = std::max<std::int64_t>(now - mark.since, 1);
  return static_cast<double>(rows - mark.rows) * static_cast<double>(second) / static_cast<double>(lasted);
}

}  // namespace connector::jobs
