// Rows of a hostile server. Input: number of columns, a byte for each column's kind, and the packet.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "drivers/mysql/row_decoder.hpp"

using namespace connector;

namespace {

constexpr unsigned kinds = static_cast<unsigned>(mysql::Decode::geometry) + 1;

mysql::WireColumn wire_column(std::uint8_t byte, std::size_t target) {
  mysql::WireColumn column;
  column.decode = static_cast<mysql::Decode>(byte % kinds);
  column.target = byte / kinds % 4 == 3 ? mysql::WireColumn::skipped : target;
  column.scale = byte / kinds % 4 - 1;
  column.bits = 1 + byte % 64;
  column.precision = byte % 3 * 5;
  column.digits = byte % 7;
  column.wide = static_cast<mysql::WideForm>(1 + byte % 3);
  if (byte / kinds % 4 == 2) column.integer_kind = core::TypeKind::int4;
  return column;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t count = 1 + data[0] % 32;
  if (size < 1 + count) return 0;
  std::vector<mysql::WireColumn> wire;
  std::vector<core::BatchColumn> columns(count);
  for (std::size_t i = 0; i < count; ++i) wire.push_back(wire_column(data[1 + i], i));
  // In memory of its own, so that AddressSanitizer sees each byte too many.
  const std::vector<unsigned char> packet(data + 1 + count, data + size);
  const auto policy = (data[0] & 32) != 0 ? core::InvalidValues::null : core::InvalidValues::error;
  core::RowBatch batch(columns, policy, 4);
  mysql::RowDecoder decoder(wire, count, policy);
  try {
    for (int i = 0; i < 2; ++i) decoder.decode(packet, batch);
  } catch (const core::Error&) {
  }
  return 0;
}
