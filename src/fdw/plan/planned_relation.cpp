#include "fdw/plan/planned_relation.hpp"

#include <algorithm>
#include <utility>

#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
}

namespace connector::fdw {

using core::Support;

Planned& planned(const RelOptInfo* relation) {
  return *static_cast<Planned*>(relation->fdw_private);
}

core::Source* source_of(Lease& lease, const Planned& planned) {
  if (planned.parts.size() == 1) return &lease.source(planned.parts[0].table->options.request);
  std::vector<core::SourceRequest> requests;
  for (const PlannedPart& part : planned.parts) requests.push_back(part.table->options.request);
  return lease.joined_source(requests);
}

std::optional<std::size_t> source_column(const Planned& planned, const Var* column) {
  for (const PlannedPart& part : planned.parts) {
    if (!part.is_visible || static_cast<int>(part.relation) != column->varno || column->varlevelsup != 0) continue;
    const std::vector<AttrNumber>& attributes = part.table->attributes;
    const auto found = std::ranges::find(attributes, column->varattno);
    if (found == attributes.end()) return std::nullopt;
    return part.first_column + static_cast<std::size_t>(found - attributes.begin());
  }
  return std::nullopt;
}

namespace {

/// What the tables that a condition is about make of it.
Support support_here(const Planned& planned, Support support, bool is_partial) {
  for (const PlannedPart& part : planned.parts) support = sent_support(*part.table, support, is_partial);
  return support;
}

}  // namespace

Condition condition_of(PlannerInfo* root, const Planned& planned, core::Source& source, const RestrictInfo* clause) {
  Condition condition;
  if (clause->pseudoconstant) return condition;
  for (const PlannedPart& part : planned.parts) {
    if (part.table->options.pushdown == Pushdown::off) return condition;
  }
  ConditionReader reader(planned.columns, root);
  if (auto expression = reader.read(reinterpret_cast<const Node*>(clause->clause))) {
    condition.expression = std::move(*expression);
    condition.support = support_here(planned, source.support(condition.expression), reader.is_partial());
  }
  return condition;
}

void classify_clauses(PlannerInfo* root, const Planned& planned, core::Source& source, const List* clauses,
                      ClassifiedClauses& classified) {
  for (int i = 0; i < list_length(clauses); ++i) {
    auto* clause = static_cast<RestrictInfo*>(list_nth(clauses, i));
    if (clause->pseudoconstant) continue;  // a Result above looks at it once
    Condition condition = condition_of(root, planned, source, clause);
    if (condition.support != Support::exact) classified.all_exact = false;
    pg::guard([&] {
      if (condition.support != Support::none) classified.sent = lappend(classified.sent, clause);
      if (condition.support != Support::exact) classified.kept = lappend(classified.kept, clause);
    });
    if (condition.support == Support::none) continue;
    classified.expressions.push_back(std::move(condition.expression));
    classified.is_exact.push_back(condition.support == Support::exact);
  }
}

namespace {

/// What is equal by a class, as the parent of partitions has it and as this relation has it.
std::vector<const EquivalenceMember*> members_of(const EquivalenceClass* equal, [[maybe_unused]] Index relation) {
  std::vector<const EquivalenceMember*> members;
  for (const List* list : {static_cast<const List*>(equal->ec_members), connector_child_members(equal, relation)}) {
    for (int i = 0; i < list_length(list); ++i) {
      members.push_back(static_cast<const EquivalenceMember*>(list_nth(list, i)));
    }
  }
  return members;
}

/// The table of the relation that a value is of, as it is before an outer join may make it NULL.
bool is_of_a_table(const Planned& planned, const Relids relations) {
  for (const PlannedPart& part : planned.parts) {
    if (part.is_visible && !part.is_nullable && bms_membership(relations) == BMS_SINGLETON &&
        bms_is_member(static_cast<int>(part.relation), relations)) {
      return true;
    }
  }
  return false;
}

/// The column by which rows of a pathkey are ordered, if the remote orders it alike.
std::optional<PlannedOrder> order_of(const Planned& planned, const RelOptInfo* relation, const PathKey* key) {
  if (key->pk_eclass->ec_has_volatile) return std::nullopt;
  for (const EquivalenceMember* member : members_of(key->pk_eclass, relation->relid)) {
    if (!is_of_a_table(planned, member->em_relids)) continue;
    const Expr* expression = member->em_expr;
    if (IsA(expression, RelabelType)) {
      const auto* relabel = reinterpret_cast<const RelabelType*>(expression);
      if (relabel->resulttype != TEXTOID ||
          relabel->resultcollid != exprCollation(reinterpret_cast<Node*>(relabel->arg)))
        continue;
      expression = relabel->arg;
    }
    if (!IsA(expression, Var)) continue;
    const auto* column = reinterpret_cast<const Var*>(expression);
    const std::optional<std::size_t> index =
        column->varlevelsup == 0 ? planned.columns.index(column->varno, column->varattno) : std::nullopt;
    if (!index || !planned.is_ordered[*index] || !keeps_order(planned.description.columns[*index])) continue;
    if (!is_usual_order(column->vartype, key->pk_opfamily, key->pk_eclass->ec_collation)) continue;
    return PlannedOrder{column->varattno, connector_is_descending(key), key->pk_nulls_first, column->varno};
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<PlannedOrder>> orders_of(const Planned& planned, const RelOptInfo* relation,
                                                   const List* keys) {
  std::vector<PlannedOrder> orders;
  for (int i = 0; i < list_length(keys); ++i) {
    const auto order = order_of(planned, relation, static_cast<const PathKey*>(list_nth(keys, i)));
    if (!order) return std::nullopt;
    orders.push_back(*order);
  }
  return orders;
}

bool wants_first_rows(const PlannerInfo* root) {
  return root->parse->limitCount != nullptr || root->tuple_fraction > 0;
}

bool limit_counts_rows_of(const PlannerInfo* root, const RelOptInfo* relation, const Path& path) {
  const Query* query = root->parse;
  if (query->limitCount == nullptr || query->limitOption != LIMIT_OPTION_COUNT) return false;
  if (relation->reloptkind != RELOPT_BASEREL && relation->reloptkind != RELOPT_JOINREL) return false;
  if (!bms_is_subset(root->all_baserels, relation->relids)) return false;
  if (!pathkeys_contained_in(root->sort_pathkeys, path.pathkeys)) return false;
  // It is counted a second time here.
  const bool changes = pg::guard([query] {
    return contain_volatile_functions(query->limitCount) || contain_volatile_functions(query->limitOffset);
  });
  if (changes) return false;
  return query->commandType == CMD_SELECT && query->groupClause == NIL && query->groupingSets == NIL &&
         !query->hasAggs && !query->hasWindowFuncs && query->distinctClause == NIL && query->havingQual == nullptr &&
         !query->hasTargetSRFs && query->setOperations == nullptr && query->rowMarks == NIL;
}

}  // namespace connector::fdw
