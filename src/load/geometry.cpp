#include "load/geometry.hpp"

#include <cstdint>
#include <cstring>
#include <bit>

#include "core/row_batch.hpp"

namespace connector::load {

namespace {
constexpr std::uint32_t srid_flag = 0x20000000;
constexpr std::size_t order_bytes = 1;
constexpr std::size_t type_bytes = 4;
constexpr std::size_t srid_bytes = 4;
}  // namespace

void strip_ewkb_srid(char* varlena) noexcept {
  const auto payload = core::varlena_payload(reinterpret_cast<std::uint64_t>(varlena));
  if (payload.size() < order_bytes + type_bytes + srid_bytes) return;
  // Byte order 1 is little-endian, 0 big-endian; the type is in that order.
  const bool swapped = (payload[0] == 1) != (std::endian::native == std::endian::little);
  std::uint32_t type;
  std::memcpy(&type, payload.data() + order_bytes, type_bytes);
  if (swapped) type = __builtin_bswap32(type);
  if ((type & srid_flag) == 0) return;
  type &= ~srid_flag;
  if (swapped) type = __builtin_bswap32(type);
  std::memcpy(payload.data() + order_bytes, &type, type_bytes);
  char* rest = payload.data() + order_bytes + type_bytes;
  std::memmove(rest, rest + srid_bytes, payload.size() - order_bytes - type_bytes - srid_bytes);
  core::set_varlena_header(varlena, payload.size() - srid_bytes);
}

}  // namespace connector::load
