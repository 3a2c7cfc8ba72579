#include "fdw/lookup/hash_chains.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace connector::fdw {

void HashChains::reset(std::size_t expected) {
  links_.clear();
  heads_.assign(std::bit_ceil(expected + 1), 0);
  count_ = 0;
}

void HashChains::link(std::uint32_t number) noexcept {
  std::uint32_t& head = heads_[links_[number].hash & (heads_.size() - 1)];
  links_[number].next = std::exchange(head, number + 1);
}

void HashChains::grow() {
  const std::vector<std::uint32_t> chains = std::exchange(heads_, std::vector<std::uint32_t>(heads_.size() * 2));
  for (std::uint32_t i : chains) {
    while (i != 0) {
      const std::uint32_t next = links_[i - 1].next;
      link(i - 1);
      i = next;
    }
  }
}

void HashChains::put(std::uint32_t number, std::uint32_t hash) {
  links_.resize(std::max<std::size_t>(links_.size(), std::size_t{number} + 1));
  links_[number].hash = hash;
  link(number);
  if (++count_ > heads_.size()) grow();
}

std::uint32_t HashChains::find(std::uint32_t hash, std::uint32_t behind) const noexcept {
  std::uint32_t number = behind != 0 ? links_[behind - 1].next : heads_[hash & (heads_.size() - 1)];
  while (number != 0 && links_[number - 1].hash != hash) number = links_[number - 1].next;
  return number;
}

}  // namespace connector::fdw
