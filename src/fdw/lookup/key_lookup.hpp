// The join of an outer plan with a foreign table whose rows are asked for by batches of keys, as a node of PostgreSQL's
// executor.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fdw/lookup/key_values.hpp"
#include "fdw/lookup/outer_rows.hpp"
#include "fdw/plan/planned_lookup.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::fdw {

/// What EXPLAIN ANALYZE tells.
struct LookupCounts {
  std::uint64_t batches = 0;  ///< for which the remote was asked
  std::uint64_t values = 0;   ///< that it was asked for
  std::uint64_t unsent = 0;   ///< outer rows for whose keys it could not be asked: they were looked for in another scan
  std::uint64_t dropped = 0;  ///< rows that came and met none
  std::uint64_t refused = 0;  ///< pairs of rows with equal hashes of their keys that do not belong together
};

/// Belongs to the executor's memory context of the query. Its destructor calls nothing of PostgreSQL's.
///
/// The outer rows of a batch are kept, and found by the hashes of their keys; what the remote answers is not. Outer
/// rows with a NULL among their keys meet none. Those whose keys the remote can't be asked for (a text that is too
/// long, a value that it does not have or would read as another one) are put aside, and looked for all together by a
/// scan that is not narrowed by these keys. Where each can be asked for, but not all together, a batch takes several
/// statements.
class KeyLookup {
 public:
  /// Expressions are prepared with the node, whose children are initialized.
  explicit KeyLookup(CustomScanState* node);

  /// The next row, in the slot of the projection, or of the row type if there is none; null behind the last one. Throws
  /// PgError.
  TupleTableSlot* next();
  /// Begins again, with other values of parameters if the node says so. Throws PgError.
  void rescan();

  const LookupCounts& counts() const noexcept { return counts_; }

 private:
  /// `unmatched`: the outer rows that have met none are given out. Every batch ends with it, even one without keys.
  enum class Phase : std::uint8_t { collecting, answering, unmatched, ended };
  struct Key {
    ExprState* outer = nullptr;
    ExprState* inner = nullptr;
    FmgrInfo outer_hash{};
    FmgrInfo inner_hash{};
    Oid collation = InvalidOid;
    int parameter = -1;
    KeyValues values;        ///< of the batch
    Datum list = Datum{0};   ///< what the parameter has: an array of some of them; 0: none yet
    Datum value = Datum{0};  ///< of the row that is looked at
    std::uint32_t hash = 0;  ///< likewise
  };

  KeyLookup(CustomScanState* node, const PlannedLookup& planned);

  // All of these are called in the guard of next().
  TupleTableSlot* next_row();
  bool collect();
  bool is_full() const;
  void add(TupleTableSlot* slot);
  void take_back();
  bool hash_keys(ExprState* Key::*side, FmgrInfo Key::*function, std::uint32_t& hash);
  void ask();
  void choose_rows();
  void put_aside();
  std::vector<bool> find_unsendable(std::size_t key);
  bool can_send(std::size_t key, const std::vector<std::uint32_t>& numbers);
  bool can_send_keys();
  void set_parameter(std::size_t key, const std::vector<std::uint32_t>& numbers);
  std::vector<std::uint32_t> used_values(std::size_t key) const;
  TupleTableSlot* next_pair();
  bool next_answer();
  TupleTableSlot* next_unmatched();
  TupleTableSlot* emit();
  void show_outer(const OuterRow& row);
  void show_inner(TupleTableSlot* slot);
  bool keeps_unmatched() const noexcept { return type_ == JOIN_LEFT || type_ == JOIN_ANTI; }
  bool wants_one_partner() const noexcept { return type_ == JOIN_SEMI || type_ == JOIN_ANTI; }

  CustomScanState* node_;
  PlanState* outer_;
  PlanState* inner_;
  JoinType type_;
  std::size_t first_values_;
  std::size_t most_combinations_;  ///< PlannedLookup
  std::vector<Key> keys_;
  ExprState* join_clauses_ = nullptr;
  ExprContext* context_ = nullptr;  ///< of keys and join clauses: emptied for each row
  MemoryContext batch_;
  MemoryContext aside_;
  TupleTableSlot* kept_slot_ = nullptr;  ///< of a row that was kept
  std::size_t outer_columns_ = 0;
  std::size_t inner_columns_ = 0;
  std::size_t memory_limit_ = 0;

  Phase phase_ = Phase::collecting;
  bool outer_ended_ = false;
  std::size_t wanted_values_;
  OuterRows rows_;
  std::vector<std::uint32_t> numbers_;  ///< of the values in the rows' keys: for each row as many as there are keys
  std::size_t bytes_ = 0;               ///< of the rows
  std::size_t begin_ = 0;               ///< the first row of those whose keys one statement asks for
  std::size_t end_ = 0;                 ///< behind the last one
  std::size_t most_rows_ = 0;           ///< whose keys one statement takes, as far as is known of the batch
  bool is_from_aside_ = false;          ///< the batch has the rows that were put aside
  std::vector<MinimalTuple> put_aside_;
  std::size_t aside_bytes_ = 0;
  std::size_t undecided_ = 0;         ///< rows that may meet one
  TupleTableSlot* answer_ = nullptr;  ///< the row of the remote that is looked at
  bool answer_is_shown_ = false;      ///< its values are in the joined row
  bool answer_met_ = false;           ///< it met an outer row
  std::uint32_t answer_hash_ = 0;
  std::uint32_t candidate_ = 0;  ///< the outer row that was looked at last, by number + 1
  std::size_t next_unmatched_ = 0;
  LookupCounts counts_;
};

}  // namespace connector::fdw
