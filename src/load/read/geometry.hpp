// EWKB, PostGIS's format: byte order, type with flag 0x20000000, SRID (doc/ZMSgeoms.txt of PostGIS).
#pragma once

#include <cstdint>

namespace connector::load {

/// The largest SRID that PostGIS keeps; it replaces larger ones (SRID_MAXIMUM of liblwgeom).
inline constexpr std::uint32_t max_srid = 999999;

/// The SRID of the EWKB in a varlena; 0 if it has none.
std::uint32_t ewkb_srid(const char* varlena) noexcept;

/// Turns the EWKB in a varlena into WKB in place: the SRID, which EWKB puts behind the type, is taken out and the
/// varlena shortened. Anything that is no EWKB with an SRID stays as it is.
void strip_ewkb_srid(char* varlena) noexcept;

}  // namespace connector::load
