// Memory for the values of one batch: grows by chunks, is emptied at once, and keeps what it has.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace connector::core {

/// Hands out 8-byte aligned memory whose address stays put until clear(). Small requests share chunks of
/// `chunk_bytes`; a larger one gets a chunk of its own, which clear() gives back, so that one huge value does not
/// keep its memory for the rest of an import.
class Arena {
 public:
  explicit Arena(std::size_t chunk_bytes = 256 * 1024);

  /// `size` (more than 0) bytes, uninitialised; throws std::bad_alloc.
  char* allocate(std::size_t size) {
    const std::size_t rounded = (size + 7) & ~std::size_t{7};
    if (rounded <= static_cast<std::size_t>(end_ - next_)) {
      char* result = next_;
      next_ += rounded;
      return result;
    }
    return allocate_slow(rounded);
  }

  /// Forgets all values. Shared chunks are kept for reuse.
  void clear() noexcept;

 private:
  char* allocate_slow(std::size_t size);

  std::size_t chunk_bytes_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::vector<std::unique_ptr<char[]>> large_;
  std::size_t used_chunks_ = 0;
  char* next_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace connector::core
