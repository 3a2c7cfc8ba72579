#include "core/rows/ewkb.hpp"

#include <cstring>
#include <span>

namespace connector::core {

namespace {

constexpr std::uint32_t srid_flag = 0x20000000;
constexpr std::size_t order_bytes = 1;
constexpr std::size_t type_bytes = 4;
constexpr std::size_t srid_bytes = 4;
constexpr std::size_t header_bytes = order_bytes + type_bytes;

std::uint32_t read_number(const char* bytes, bool little_endian) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[little_endian ? 3 - i : i]);
  }
  return value;
}

void write_number(char* bytes, std::uint32_t value, bool little_endian) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[little_endian ? i : 3 - i] = static_cast<char>(value >> (8 * i));
  }
}

std::span<char> content(const char* varlena) noexcept {
  return varlena_payload(reinterpret_cast<std::uint64_t>(varlena));
}

bool has_srid(std::span<const char> ewkb) noexcept {
  return ewkb.size() >= header_bytes + srid_bytes &&
         (read_number(ewkb.data() + order_bytes, ewkb[0] == 1) & srid_flag) != 0;
}

}  // namespace

void set_ewkb(RowBatch& batch, std::size_t column, std::uint32_t srid, std::string_view wkb) {
  if (wkb.size() < header_bytes || (wkb[0] != 0 && wkb[0] != 1)) {
    return batch.set_invalid(column, "is no geometry", wkb);
  }
  if (srid == 0) return batch.set_bytes(column, wkb);
  const bool little_endian = wkb[0] == 1;
  char* to = batch.reserve_bytes(column, wkb.size() + srid_bytes);
  to[0] = wkb[0];
  write_number(to + order_bytes, read_number(wkb.data() + order_bytes, little_endian) | srid_flag, little_endian);
  write_number(to + header_bytes, srid, little_endian);
  std::memcpy(to + header_bytes + srid_bytes, wkb.data() + header_bytes, wkb.size() - header_bytes);
}

std::uint32_t ewkb_srid(const char* varlena) noexcept {
  const std::span<const char> ewkb = content(varlena);
  return has_srid(ewkb) ? read_number(ewkb.data() + header_bytes, ewkb[0] == 1) : 0;
}

void strip_ewkb_srid(char* varlena) noexcept {
  const std::span<char> ewkb = content(varlena);
  if (!has_srid(ewkb)) return;
  const bool little_endian = ewkb[0] == 1;
  char* type = ewkb.data() + order_bytes;
  write_number(type, read_number(type, little_endian) & ~srid_flag, little_endian);
  char* rest = ewkb.data() + header_bytes;
  std::memmove(rest, rest + srid_bytes, ewkb.size() - header_bytes - srid_bytes);
  set_varlena_header(varlena, ewkb.size() - srid_bytes);
}

}  // namespace connector::core
