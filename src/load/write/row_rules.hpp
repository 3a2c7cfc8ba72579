// What PostgreSQL does to a row before it is stored, for rows that go past the executor.
#pragma once

#include "pg/postgres.hpp"

#include <vector>

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::load {

/// Has for one column of a row the value of a former row that it takes the place of.
class FormerValues {
 public:
  virtual ~FormerValues() = default;
  virtual AttrNumber column() const noexcept = 0;
  /// Puts the value into the slot; false if there is none. To be called in a guard.
  virtual bool find(TupleTableSlot* slot) = 0;
};

/// Fills columns that a load leaves out with their defaults, computes stored generated columns and checks constraints
/// (CHECK, NOT NULL) of a table, for rows that are going to be its own but are written elsewhere.
class RowRules {
 public:
  /// Opens the relation, which the caller has locked; `loaded` are the attributes that the load fills, `leaving` those
  /// that the rows will not have any more. What `former` (may be null; outlives this) has goes before a default.
  RowRules(Oid relation, const std::vector<AttrNumber>& loaded, const std::vector<AttrNumber>& leaving = {},
           FormerValues* former = nullptr);

  /// False if rows need nothing of this.
  bool any() const noexcept;

  /// Whether a row may be refused for what is in the columns that the load fills, or leaves out.
  bool any_checks() const noexcept;

  /// Completes and checks a virtual tuple. To be called in a guard; what it allocates for the row lives in the current
  /// memory context or the slot.
  void apply(TupleTableSlot* slot);

  /// Closes the relation; after an exception the transaction's abort does.
  void finish();

 private:
  struct Default {
    int index;
    ExprState* expression;
  };

  Relation relation_ = nullptr;
  EState* state_ = nullptr;
  ResultRelInfo* result_ = nullptr;
  FormerValues* former_;
  std::vector<Default> defaults_;
  std::vector<int> generated_indexes_;
  std::vector<int> required_;       ///< columns that the load leaves out, and that are NOT NULL
  bool computed_required_ = false;  ///< among them one that is computed when it is read
};

}  // namespace connector::load
