#include "load/read/geometry.hpp"

#include <bit>
#include <cstring>
#include <span>

#include "core/rows/row_batch.hpp"

namespace connector::load {

namespace {
constexpr std::uint32_t srid_flag = 0x20000000;
constexpr std::size_t order_bytes = 1;
constexpr std::size_t type_bytes = 4;
constexpr std::size_t srid_bytes = 4;

/// Byte order 1 is little-endian, 0 big-endian; all numbers are in that order.
bool is_swapped(std::span<const char> ewkb) {
  return (ewkb[0] == 1) != (std::endian::native == std::endian::little);
}

std::uint32_t number_at(std::span<const char> ewkb, std::size_t offset) {
  std::uint32_t number;
  std::memcpy(&number, ewkb.data() + offset, sizeof number);
  return is_swapped(ewkb) ? __builtin_bswap32(number) : number;
}

bool has_srid(std::span<const char> ewkb) {
  return ewkb.size() >= order_bytes + type_bytes + srid_bytes && (number_at(ewkb, order_bytes) & srid_flag) != 0;
}

}  // namespace

std::uint32_t ewkb_srid(const char* varlena) noexcept {
  const auto ewkb = core::varlena_payload(reinterpret_cast<std::uint64_t>(varlena));
  return has_srid(ewkb) ? number_at(ewkb, order_bytes + type_bytes) : 0;
}

void strip_ewkb_srid(char* varlena) noexcept {
  const auto ewkb = core::varlena_payload(reinterpret_cast<std::uint64_t>(varlena));
  if (!has_srid(ewkb)) return;
  std::uint32_t type = number_at(ewkb, order_bytes) & ~srid_flag;
  if (is_swapped(ewkb)) type = __builtin_bswap32(type);
  std::memcpy(ewkb.data() + order_bytes, &type, type_bytes);
  char* rest = ewkb.data() + order_bytes + type_bytes;
  std::memmove(rest, rest + srid_bytes, ewkb.size() - order_bytes - type_bytes - srid_bytes);
  core::set_varlena_header(varlena, ewkb.size() - srid_bytes);
}

}  // namespace connector::load
