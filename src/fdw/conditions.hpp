// PostgreSQL's conditions on a foreign table as conditions that a remote may be asked.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <vector>

#include "core/remote/scan.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "nodes/primnodes.h"
}

namespace connector::fdw {

/// A constant of a condition that is known only when the scan begins.
struct Parameter {
  Expr* expression = nullptr;
  Oid type = InvalidOid;  ///< of one value
  bool is_list = false;   ///< the expression is an array of such
};

/// The columns of a foreign table that a condition can be about: by attribute number, counted from 1, the index in
/// SourceDescription::columns; nothing for those whose values here are not the remote's.
using ComparableColumns = std::vector<std::optional<std::size_t>>;

class ConditionReader {
 public:
  /// `relation`: the foreign table's number in the range table. `columns` outlives the reader. `root`: while planning;
  /// null for what stands in a plan.
  ConditionReader(Index relation, const ComparableColumns& columns, PlannerInfo* root = nullptr)
      : relation_(relation), columns_(columns), root_(root) {}

  /// The condition; nothing if it has no like. Constants that are not known yet are added to parameters(), and stand in
  /// it by their numbers there, counted from 1. Throws PgError.
  std::optional<core::Expression> read(const Node* condition);
  /// Whether what was read last lacks a part, and so keeps rows that the condition does not keep.
  bool is_partial() const noexcept { return is_partial_; }

  const std::vector<Parameter>& parameters() const noexcept { return parameters_; }

 private:
  std::optional<core::Expression> read_any(const Node* condition);
  std::optional<core::Expression> read_operator(const OpExpr* operation, bool is_distinct, bool is_negated);
  std::optional<core::Expression> read_list(const ScalarArrayOpExpr* operation);
  std::optional<core::Expression> read_logical(const BoolExpr* operation);
  std::optional<core::Expression> read_negated(const Node* condition);
  std::optional<core::Expression> read_truth(const BooleanTest* test);
  std::optional<core::Expression> truth(const Node* column, core::Operator operation, bool value) const;
  std::optional<std::size_t> column_of(const Node* node, Oid* type) const;
  bool is_constant(const Node* node) const;
  std::optional<core::Expression> constant(const Node* node, Oid type);

  Index relation_;
  const ComparableColumns& columns_;
  PlannerInfo* root_;
  std::vector<Parameter> parameters_;
  bool is_partial_ = false;
};

/// Whether values of a type are ordered, by this operator family and collation, as Source::orders_by() means it: in the
/// type's usual order, text by its bytes.
bool is_usual_order(Oid type, Oid operator_family, Oid collation);

/// The condition with values in the places of parameters: parameter n has values[n - 1].
core::Expression with_values(const core::Expression& condition,
                             const std::vector<std::vector<core::Expression>>& values);

}  // namespace connector::fdw
