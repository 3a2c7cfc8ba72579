// The outer rows of a batch, found by the hashes of their keys.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" {
#include "access/htup_details.h"
}

namespace connector::fdw {

struct OuterRow {
  MinimalTuple tuple = nullptr;
  std::uint32_t hash = 0;  ///< of all its keys
  bool has_keys = false;   ///< none of them is NULL
  bool is_matched = false;
  std::uint32_t next = 0;  ///< in the chain, by number + 1; 0: none
};

class OuterRows {
 public:
  /// Forgets the rows, which are in a memory context that the owner resets.
  void clear() noexcept;
  void add(MinimalTuple tuple, std::uint32_t hash, bool has_keys) { rows_.push_back({tuple, hash, has_keys}); }
  /// From then on rows with keys can be found, until the next add() or keep_first().
  void make_chains();

  std::size_t count() const noexcept { return rows_.size(); }
  OuterRow& row(std::size_t number) noexcept { return rows_[number]; }
  const OuterRow& row(std::size_t number) const noexcept { return rows_[number]; }
  /// Leaves the first rows, after others were moved before the rest.
  void keep_first(std::size_t count) { rows_.resize(count); }

  /// The next row with the hash behind a row (by number + 1; 0: the first one): by number + 1; 0: there is none.
  std::uint32_t find(std::uint32_t hash, std::uint32_t behind) const noexcept;

 private:
  std::vector<OuterRow> rows_;
  std::vector<std::uint32_t> chains_;  ///< their heads, by number + 1; a power of two of them
};

}  // namespace connector::fdw
