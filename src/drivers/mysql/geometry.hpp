// Geometry values: from MySQL's form to EWKB.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/rows/row_batch.hpp"

namespace connector::mysql {

/// Stores a geometry as EWKB, PostGIS's receive form. Both engines send their storage form, four bytes of SRID
/// (little-endian) and WKB (MySQL manual, "Internal Geometry Storage Format"); EWKB has the SRID behind the type of
/// the outermost geometry, and a flag in that type. Coordinates stay in their stored order, which is X, Y (longitude,
/// latitude) for every SRS.
void set_geometry(core::RowBatch& batch, std::size_t column, std::string_view value);

}  // namespace connector::mysql
