// The outer rows of a batch, found by the hashes of their keys.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fdw/lookup/hash_chains.hpp"

extern "C" {
#include "access/htup_details.h"
}

namespace connector::fdw {

struct OuterRow {
  MinimalTuple tuple = nullptr;
  std::uint32_t hash = 0;  ///< of all its keys
  bool has_keys = false;   ///< none of them is NULL
  bool is_matched = false;
};

class OuterRows {
 public:
  /// Forgets the rows, which are in a memory context that the owner resets.
  void clear() noexcept { rows_.clear(); }
  void add(MinimalTuple tuple, std::uint32_t hash, bool has_keys) { rows_.push_back({tuple, hash, has_keys}); }
  /// From then on those of some rows that have keys can be found, until the next add() or keep_first(). `end` is behind
  /// the last one.
  void make_chains(std::size_t begin, std::size_t end);

  std::size_t count() const noexcept { return rows_.size(); }
  OuterRow& row(std::size_t number) noexcept { return rows_[number]; }
  const OuterRow& row(std::size_t number) const noexcept { return rows_[number]; }
  /// Removes all rows but the first `count`.
  void keep_first(std::size_t count) { rows_.resize(count); }

  /// The next row with the hash behind a row (by number + 1; 0: the first one): by number + 1; 0: there is none.
  std::uint32_t find(std::uint32_t hash, std::uint32_t behind) const noexcept { return chains_.find(hash, behind); }

 private:
  std::vector<OuterRow> rows_;
  HashChains chains_;
};

}  // namespace connector::fdw
