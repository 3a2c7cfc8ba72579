#include "drivers/mysql/geometry.hpp"

#include <cstdint>

#include "core/rows/ewkb.hpp"

namespace connector::mysql {

void set_geometry(core::RowBatch& batch, std::size_t column, std::string_view value) {
  constexpr std::size_t srid_bytes = 4;
  if (value.size() < srid_bytes) return batch.set_invalid(column, "is no geometry", value);
  std::uint32_t srid = 0;
  for (std::size_t i = srid_bytes; i-- > 0;) srid = srid << 8 | static_cast<unsigned char>(value[i]);
  core::set_ewkb(batch, column, srid, value.substr(srid_bytes));
}

}  // namespace connector::mysql
