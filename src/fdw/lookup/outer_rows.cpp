#include "fdw/lookup/outer_rows.hpp"

#include <bit>

namespace connector::fdw {

void OuterRows::clear() noexcept {
  rows_.clear();
  chains_.clear();
}

void OuterRows::make_chains() {
  chains_.assign(std::bit_ceil(rows_.size() + 1), 0);
  for (std::size_t i = rows_.size(); i > 0; --i) {
    OuterRow& row = rows_[i - 1];
    if (!row.has_keys) continue;
    std::uint32_t& head = chains_[row.hash & (chains_.size() - 1)];
    row.next = head;
    head = static_cast<std::uint32_t>(i);
  }
}

std::uint32_t OuterRows::find(std::uint32_t hash, std::uint32_t behind) const noexcept {
  std::uint32_t number = behind != 0 ? rows_[behind - 1].next : chains_[hash & (chains_.size() - 1)];
  while (number != 0 && rows_[number - 1].hash != hash) number = rows_[number - 1].next;
  return number;
}

}  // namespace connector::fdw
