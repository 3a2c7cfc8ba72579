// Finds things that are counted from 0 by their hashes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace connector::fdw {

class HashChains {
 public:
  /// Forgets all, and makes room for so many.
  void reset(std::size_t expected);
  /// What has been put last is found first, unless there is more than was expected.
  void put(std::uint32_t number, std::uint32_t hash);
  /// The next one with the hash behind another one (its number + 1; 0: the first): its number + 1; 0: there is none.
  std::uint32_t find(std::uint32_t hash, std::uint32_t behind) const noexcept;

 private:
  struct Link {
    std::uint32_t hash = 0;
    std::uint32_t next = 0;  ///< number + 1
  };
  void link(std::uint32_t number) noexcept;
  void grow();

  std::vector<Link> links_;           ///< by number
  std::vector<std::uint32_t> heads_;  ///< number + 1; a power of two of them
  std::size_t count_ = 0;
};

}  // namespace connector::fdw
