#include "core/rows/arena.hpp"

#include <algorithm>

namespace connector::core {

Arena::Arena(std::size_t chunk_bytes) : chunk_bytes_((std::max<std::size_t>(chunk_bytes, 8) + 7) & ~std::size_t{7}) {}

char* Arena::allocate_slow(std::size_t size) {
  if (size > chunk_bytes_) {
    // The chunk in use stays in use: small values after a huge one go on filling it.
    return large_.emplace_back(new char[size]).get();
  }
  if (used_chunks_ == chunks_.size()) chunks_.emplace_back(new char[chunk_bytes_]);
  char* chunk = chunks_[used_chunks_++].get();
  next_ = chunk + size;
  end_ = chunk + chunk_bytes_;
  return chunk;
}

void Arena::clear() noexcept {
  large_.clear();
  // One unusually wide row must not hold its memory until the end of an import: what the last batch did not need
  // is given back by halves.
  const std::size_t keep = std::max(used_chunks_, chunks_.size() / 2);
  if (keep < chunks_.size()) chunks_.resize(keep);
  used_chunks_ = 0;
  next_ = end_ = nullptr;
}

}  // namespace connector::core
