// Values of the wire, as PostgreSQL stores them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rows/row_batch.hpp"
#include "drivers/hive/result_rows.hpp"
#include "drivers/hive/types.hpp"

namespace connector::hive {

/// `YYYY-MM-DD` as days since 2000-01-01; the year may have a sign and other digits, 0 is 1 BC. Nothing if there is no
/// such date, or PostgreSQL has none.
std::optional<std::int32_t> parse_date(std::string_view text) noexcept;

/// `YYYY-MM-DD HH:MM:SS[.fraction]` as microseconds since 2000-01-01. Hive's nine digits are rounded to six.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

/// `[-]years-months` as months.
std::optional<std::int32_t> parse_months(std::string_view text) noexcept;

struct DaysInterval {
  std::int32_t days;
  std::int64_t microseconds;
};
/// `[-]days HH:MM:SS[.fraction]`; the sign is that of all parts.
std::optional<DaysInterval> parse_days(std::string_view text) noexcept;

/// Sets the column of the row under construction. The column's kind fits (can_decode()).
/// Returns false if it is a nested value that is no JSON: then it is there as a string in JSON.
bool decode_value(Decode decode, const core::LogicalType& type, const ResultColumn& from, std::size_t row,
                  std::size_t column, core::RowBatch& batch);

}  // namespace connector::hive
