// COPY data of a hostile server. Input: number of columns and of pieces, a byte for each column's kind, and the data.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "drivers/postgres/copy_reader.hpp"

using namespace connector;

namespace {

constexpr unsigned kinds = static_cast<unsigned>(postgres::Decode::uuid) + 1;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t count = 1 + data[0] % 16;
  const std::size_t pieces = 1 + data[0] / 16;
  if (size < 1 + count) return 0;
  std::vector<postgres::Decode> decodes;
  for (std::size_t i = 0; i < count; ++i) decodes.push_back(static_cast<postgres::Decode>(data[1 + i] % kinds));
  const std::span<const std::uint8_t> all(data + 1 + count, size - 1 - count);
  core::RowBatch batch(std::vector<core::BatchColumn>(count), core::InvalidValues::error, 3, 4096);
  postgres::CopyReader reader(decodes);
  try {
    const std::size_t step = all.size() / pieces + 1;
    // In memory of their own, so that AddressSanitizer sees each byte too many, and each use of a piece that is gone.
    std::vector<unsigned char> before;
    for (std::size_t at = 0; at < all.size(); at += step) {
      const auto part = all.subspan(at, std::min(step, all.size() - at));
      std::vector<unsigned char> piece(part.begin(), part.end());
      reader.add(piece);
      before = std::move(piece);
      while (reader.fill(batch)) batch.clear();
    }
    reader.finish();
  } catch (const core::Error&) {
  }
  return 0;
}
