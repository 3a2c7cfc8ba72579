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
    for (const PlannerInfo* level = root; level != nullptr; level = level->parent_root) {
      for (int i = 0; i < list_length(level->init_plans); ++i) {
        once = list_concat(once, list_copy(static_cast<const SubPlan*>(list_nth(level->init_plans, i))->setParam));
      }
    }
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
