#include "core/rows/ewkb.hpp"

#include <cstring>

namespace connector::core {

namespace {

constexpr std::uint32_t srid_flag = 0x20000000;
constexpr std::size_t srid_bytes = 4;
constexpr std::size_t wkb_header_bytes = 5;  // byte order, type

std::uint32_t read32(const char* bytes, bool little_endian) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[little_endian ? 3 - i : i]);
  }
  return value;
}

void write32(char* bytes, std::uint32_t value, bool little_endian) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[little_endian ? i : 3 - i] = static_cast<char>(value >> (8 * i));
  }
}

}  // namespace

void set_ewkb(RowBatch& batch, std::size_t column, std::uint32_t srid, std::string_view wkb) {
  if (wkb.size() < wkb_header_bytes || (wkb[0] != 0 && wkb[0] != 1)) {
    return batch.set_invalid(column, "is no geometry", wkb);
  }
  if (srid == 0) return batch.set_bytes(column, wkb);
  const bool little_endian = wkb[0] == 1;
  char* to = batch.reserve_bytes(column, wkb.size() + srid_bytes);
  to[0] = wkb[0];
  write32(to + 1, read32(wkb.data() + 1, little_endian) | srid_flag, little_endian);
  write32(to + wkb_header_bytes, srid, little_endian);
  std::memcpy(to + wkb_header_bytes + srid_bytes, wkb.data() + wkb_header_bytes, wkb.size() - wkb_header_bytes);
}

}  // namespace connector::core
