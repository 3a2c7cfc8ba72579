#include "fdw/plan/joined_row.hpp"

#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
}

namespace connector::fdw {

namespace {

/// Nothing here throws C++ exceptions: all of it is called in guards, and by PostgreSQL's walkers.

bool is_same_column(const Node* left, const Node* right) {
  if (IsA(left, Var) && IsA(right, Var)) {
    const auto *a = reinterpret_cast<const Var*>(left), *b = reinterpret_cast<const Var*>(right);
    return a->varno == b->varno && a->varattno == b->varattno && a->varlevelsup == b->varlevelsup;
  }
  if (IsA(left, PlaceHolderVar) && IsA(right, PlaceHolderVar)) {
    return reinterpret_cast<const PlaceHolderVar*>(left)->phid == reinterpret_cast<const PlaceHolderVar*>(right)->phid;
  }
  return false;
}

/// The column of a list that a column is, in the list's form; null if it has none.
const Node* find_column(const List* columns, const Node* column) {
  for (int i = 0; i < list_length(columns); ++i) {
    const auto* known = static_cast<const Node*>(list_nth(columns, i));
    if (IsA(known, TargetEntry))
      known = reinterpret_cast<const Node*>(reinterpret_cast<const TargetEntry*>(known)->expr);
    if (is_same_column(known, column)) return known;
  }
  return nullptr;
}

/// Gives columns the form that they have in a list.
Node* take_forms(Node* node, void* columns) {
  if (node == nullptr) return nullptr;
  const Node* known = find_column(static_cast<const List*>(columns), node);
  if (known == nullptr) return connector_mutate(node, take_forms, columns);
  auto* copy = static_cast<Node*>(copyObjectImpl(node));
  if (IsA(copy, Var)) {
    connector_copy_nulling(reinterpret_cast<Var*>(copy), reinterpret_cast<const Var*>(known));
  } else {
    connector_copy_placeholder_nulling(reinterpret_cast<PlaceHolderVar*>(copy),
                                       reinterpret_cast<const PlaceHolderVar*>(known));
  }
  return copy;
}

/// The columns that the expressions above the join have; those in placeholders as well, which may have to be evaluated
/// here.
List* wanted_columns(const RelOptInfo* join) {
  List* columns = pull_var_clause(reinterpret_cast<Node*>(join->reltarget->exprs), PVC_INCLUDE_PLACEHOLDERS);
  for (int i = 0; i < list_length(columns); ++i) {  // grows
    const auto* column = static_cast<const Node*>(list_nth(columns, i));
    if (!IsA(column, PlaceHolderVar)) continue;
    auto* inside = reinterpret_cast<Node*>(reinterpret_cast<const PlaceHolderVar*>(column)->phexpr);
    columns = list_concat(columns, pull_var_clause(inside, PVC_INCLUDE_PLACEHOLDERS));
  }
  return columns;
}

}  // namespace

bool has_one_form(const RelOptInfo* join) {
  return pg::guard([=] {
    const List* columns = wanted_columns(join);
    for (int i = 0; i < list_length(columns); ++i) {
      const auto* column = static_cast<const Node*>(list_nth(columns, i));
      const Node* first = find_column(columns, column);
      const bool is_alike =
          IsA(column, Var)
              ? connector_nulled_alike(reinterpret_cast<const Var*>(column), reinterpret_cast<const Var*>(first))
              : connector_placeholders_nulled_alike(reinterpret_cast<const PlaceHolderVar*>(column),
                                                    reinterpret_cast<const PlaceHolderVar*>(first));
      if (!is_alike) return false;
    }
    return true;
  });
}

List* joined_row(const RelOptInfo* join, const List* outer_targets, const List* inner_targets) {
  return pg::guard([=] {
    List* wanted = wanted_columns(join);
    List* row = NIL;
    for (const List* targets : {outer_targets, inner_targets}) {
      for (int i = 0; i < list_length(targets); ++i) {
        const auto* target = static_cast<const TargetEntry*>(list_nth(targets, i));
        auto* expression = reinterpret_cast<Expr*>(take_forms(reinterpret_cast<Node*>(target->expr), wanted));
        row = lappend(row, makeTargetEntry(expression, static_cast<AttrNumber>(list_length(row) + 1), nullptr, false));
      }
    }
    return row;
  });
}

Node* over_joined_row(const List* row, const Node* expression) {
  return pg::guard([=] { return take_forms(const_cast<Node*>(expression), const_cast<List*>(row)); });
}

}  // namespace connector::fdw
