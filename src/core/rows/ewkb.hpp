// Geometry values in EWKB, PostGIS's receive form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::core {

/// Stores WKB, of either byte order, with its SRID (0 = unknown) as EWKB: the SRID stands behind the type of the
/// outermost geometry, announced by a flag in that type. What does not begin like WKB is an invalid value.
void set_ewkb(RowBatch& batch, std::size_t column, std::uint32_t srid, std::string_view wkb);

}  // namespace connector::core
