// Geometry for databases without PostGIS.
#pragma once

namespace connector::load {

/// Turns the EWKB in a varlena into WKB in place: the SRID, which EWKB puts behind the type, is taken out and the
/// varlena shortened. Anything that is no EWKB with an SRID stays as it is.
/// EWKB is PostGIS's format: byte order, type with flag 0x20000000, SRID (doc/ZMSgeoms.txt of PostGIS).
void strip_ewkb_srid(char* varlena) noexcept;

}  // namespace connector::load
