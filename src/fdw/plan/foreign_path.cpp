#include "fdw/plan/foreign_path.hpp"

#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "nodes/pg_list.h"
}

namespace connector::fdw {

namespace {

/// The places in ForeignPath::fdw_private.
enum PathFact { fact_keys, fact_plan, fact_computed_once };

void* fact_of(const ForeignPath* path, PathFact fact) noexcept {
  return list_length(path->fdw_private) > fact ? list_nth(path->fdw_private, fact) : nullptr;
}

/// `once`: numbers of parameters (an integer list).
bool has_changing_value(Node* node, void* once) {
  if (node == nullptr) return false;
  if (IsA(node, Param)) {
    const auto* parameter = reinterpret_cast<const Param*>(node);
    return parameter->paramkind == PARAM_EXEC && !list_member_int(static_cast<const List*>(once), parameter->paramid);
  }
  return connector_walk(node, has_changing_value, once);
}

/// The values of the InitPlans of a query and of those around it, unless they may depend on an outer query's row: such
/// an InitPlan is executed again for each row.
void add_values_computed_once(const PlannerInfo* root, List** once) {
  if (root->parent_root != nullptr) add_values_computed_once(root->parent_root, once);
  for (int outer = -1; (outer = bms_next_member(root->outer_params, outer)) >= 0;) {
    if (!list_member_int(*once, outer)) return;
  }
  for (int i = 0; i < list_length(root->init_plans); ++i) {
    *once = list_concat(*once, static_cast<const SubPlan*>(list_nth(root->init_plans, i))->setParam);
  }
}

}  // namespace

void set_key_conditions(ForeignPath* path, List* conditions) {
  path->fdw_private = list_make1(conditions);
}

const List* key_conditions_of(const ForeignPath* path) noexcept {
  return static_cast<const List*>(fact_of(path, fact_keys));
}

void note_plan(PlannerInfo* root, ForeignPath* path, ForeignScan* plan) {
  pg::guard([=] {
    List* once = NIL;
    add_values_computed_once(root, &once);
    path->fdw_private = list_make3(fact_of(path, fact_keys), plan, once);
  });
}

bool has_changing_values(const ForeignPath* path) {
  const auto* plan = static_cast<const ForeignScan*>(fact_of(path, fact_plan));
  if (plan == nullptr) return true;
  return pg::guard([=] {
    for (List* list : {plan->fdw_exprs, plan->scan.plan.qual, plan->scan.plan.targetlist}) {
      if (has_changing_value(reinterpret_cast<Node*>(list), fact_of(path, fact_computed_once))) return true;
    }
    return false;
  });
}

}  // namespace connector::fdw
