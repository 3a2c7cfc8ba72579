// The different values of a key in a batch of rows.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fdw/lookup/hash_chains.hpp"

namespace connector::fdw {

/// Its functions that add and give values are called in guards; they raise PostgreSQL's errors.
class KeyValues {
 public:
  explicit KeyValues(Oid type);

  /// Forgets the values, which are in a memory context that the owner resets.
  void clear();
  /// The number of a value, from 0. It is copied into `memory` if it is new: it has other bytes than those before. What
  /// is equal and has other bytes (1.0 and 1.00) is new, so that the remote is asked for what is there.
  std::uint32_t add(Datum value, std::uint32_t hash, MemoryContext memory);
  std::size_t count() const noexcept { return values_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  /// An array, in the current context, of the values with these numbers.
  Datum array(const std::uint32_t* numbers, std::size_t count) const;

 private:
  Oid type_;
  std::int16_t length_ = 0;
  bool by_value_ = false;
  char alignment_ = 0;
  std::vector<Datum> values_;
  HashChains chains_;
  std::size_t bytes_ = 0;
};

}  // namespace connector::fdw
