// PostgreSQL's conditions on foreign tables as conditions that a remote may be asked.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <vector>

#include "core/remote/scan.hpp"
#include "fdw/table/foreign_table.hpp"

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

/// The columns of a scan's foreign tables as those of its source, which has the tables' columns one after the other.
class ScanColumns {
 public:
  /// `relation`: the table's number in the range table. `columns`: its own, whose indexes begin at `first` here.
  void add(Index relation, const ComparableColumns& columns, std::size_t first = 0);

  bool has(int relation) const noexcept { return find(relation) != nullptr; }
  /// Nothing for a column that no condition can be about.
  std::optional<std::size_t> index(int relation, AttrNumber attribute) const;
  const std::vector<Index>& relations() const noexcept { return relations_; }

 private:
  struct Table {
    ComparableColumns columns;
    std::size_t first = 0;
  };
  const Table* find(int relation) const noexcept;

  std::vector<Index> relations_;
  std::vector<Table> tables_;  ///< as the relations
};

class ConditionReader {
 public:
  /// `columns` outlives the reader. `root`: while planning; null for what stands in a plan.
  explicit ConditionReader(const ScanColumns& columns, PlannerInfo* root = nullptr) : columns_(columns), root_(root) {}

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

  const ScanColumns& columns_;
  PlannerInfo* root_;
  std::vector<Parameter> parameters_;
  bool is_partial_ = false;
};

/// The column of the scan that an expression is, maybe as another type with the same operators; nothing if it is none.
/// `type`: that whose operators its values have. In a guard.
std::optional<std::size_t> scan_column(const ScanColumns& columns, const Node* node, Oid* type);

/// The strategy of a B-tree that an operator of PostgreSQL's own has in the usual order of the type; 0 = none. In a
/// guard.
int usual_strategy(Oid operation, Oid type);

/// Whether values of a type are ordered, by this operator family and collation, as Source::orders_by() means it: in the
/// type's usual order, text by its bytes.
bool is_usual_order(Oid type, Oid operator_family, Oid collation);

/// Whether equality of such values is as core means it: for text, of its bytes.
bool is_usual_equality(Oid type, Oid collation);

/// The condition with values in the places of parameters: parameter n has values[n - 1].
core::Expression with_values(const core::Expression& condition,
                             const std::vector<std::vector<core::Expression>>& values);

}  // namespace connector::fdw
