// Values of a batch as text.
#pragma once

#include <cstdint>
#include <string>

#include "core/rows/row_batch.hpp"

namespace connector::probe {

/// The value as PostgreSQL prints it with ISO dates, in UTC; but floats have the fewest digits, an interval is its
/// months, days and microseconds, and what a receive function reads, or is no UTF-8, is printed as a bytea is.
std::string value_text(const core::BatchColumn& column, std::uint64_t value);

}  // namespace connector::probe
