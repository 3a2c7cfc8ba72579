// Compares the rows of a source with those of a table as they come, both in the order of the key: only rows that differ
// are put into the staging table, each with its entry in the table of differences.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load/merge/applied.hpp"
#include "load/merge/row_comparison.hpp"
#include "load/merge/staging.hpp"
#include "load/write/sink.hpp"

namespace connector::load {

/// What was met in the source's keys.
enum class KeysMet : std::uint8_t {
  ascending,     ///< each is greater than the one before
  null_key,      ///< a key with NULL: its row is in the staging table
  equal_keys,    ///< two rows with the same key: the staging table has such two rows
  out_of_order,  ///< a key that is less than the one before
};

/// The comparison while it goes on.
struct PassState;

class OnePass final : public Sink {
 public:
  /// `target_rows` is a query for the target's rows in the order of the key: the columns tableoid and ctid, then those
  /// of the staging table, of the same types; the target has no two rows with the same key. It is run as the current
  /// role, by one snapshot, and has given its first row when this returns. `key` has indexes into the staging table's
  /// columns, which are those of the batches. The staging, which outlives this, is empty, and nobody else's until
  /// finish(). If an exception passes, the (sub)transaction's abort closes everything.
  OnePass(const Staging& staging, const std::vector<std::size_t>& key, const std::string& target_rows);

  /// Rows in ascending order of the key, of one reader or of several, one after the other.
  void write(core::RowBatch& batch, std::size_t rows) override;
  /// Whether a key was met that makes the run fail.
  bool is_full() const noexcept override;

  /// There are no more rows. `missing` says what becomes of the target's rows that did not come. Unless keys were
  /// ascending, what was found is worth nothing.
  KeysMet finish(MissingRows missing);

  /// Per batch column: true if a NULL came.
  const std::vector<bool>& has_nulls() const noexcept { return has_nulls_; }

 private:
  const Staging& staging_;
  RowComparison comparison_;
  std::vector<bool> has_nulls_;
  std::vector<const std::uint64_t*> values_;  ///< of the batch that is being compared
  std::vector<const bool*> nulls_;
  PassState* state_ = nullptr;  ///< in a memory context of its own, which goes with finish() or the caller's context
};

}  // namespace connector::load
