// Geometry values in EWKB, PostGIS's receive form: byte order, type with flag 0x20000000, SRID (doc/ZMSgeoms.txt of
// PostGIS). All numbers are in the value's own byte order: 1 is little-endian, 0 big-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::core {

/// The largest SRID that PostGIS keeps; it replaces larger ones (SRID_MAXIMUM of liblwgeom).
inline constexpr std::uint32_t max_srid = 999999;

/// Stores WKB, of either byte order, with its SRID (0 = unknown) as EWKB: the SRID stands behind the type of the
/// outermost geometry, announced by a flag in that type. What does not begin like WKB is an invalid value.
void set_ewkb(RowBatch& batch, std::size_t column, std::uint32_t srid, std::string_view wkb);

/// The SRID of the EWKB in a varlena; 0 if it has none.
std::uint32_t ewkb_srid(const char* varlena) noexcept;

/// Turns the EWKB in a varlena into WKB in place: the SRID, which EWKB puts behind the type, is taken out and the
/// varlena shortened. Anything that is no EWKB with an SRID stays as it is.
void strip_ewkb_srid(char* varlena) noexcept;

}  // namespace connector::core
