// PostgreSQL's callbacks, each of which goes through pg::enter().
#include "fdw/key_lookup_node.hpp"

#include "pg/postgres.hpp"

#include <memory>

#include "fdw/handler.hpp"
#include "fdw/lookup/key_lookup.hpp"
#include "fdw/lookup/key_lookup_explaining.hpp"
#include "fdw/plan/key_lookup_planning.hpp"
#include "pg/custom_scan.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/owned.hpp"
#include "settings/planner.hpp"

extern "C" {
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "optimizer/paths.h"
}

namespace connector::fdw {

namespace {

constexpr const char* node_name = "Connector Key Lookup";

struct LookupState {
  CustomScanState node;
  KeyLookup* lookup;
};

KeyLookup* lookup_of(CustomScanState* node) {
  return reinterpret_cast<LookupState*>(node)->lookup;
}

void begin(CustomScanState* node, EState* state, int flags) {
  pg::enter([=] {
    pg::guard([=] {
      const List* plans = reinterpret_cast<const CustomScan*>(node->ss.ps.plan)->custom_plans;
      // The inner one begins again with each batch, by other values; the outer one when this one does.
      constexpr int not_needed = EXEC_FLAG_BACKWARD | EXEC_FLAG_MARK;
      for (int i = 0; i < list_length(plans); ++i) {
        const int child_flags = flags & ~(i == 0 ? not_needed : not_needed | EXEC_FLAG_REWIND);
        PlanState* child = ExecInitNode(static_cast<Plan*>(list_nth(plans, i)), state, child_flags);
        node->custom_ps = lappend(node->custom_ps, child);
      }
    });
    reinterpret_cast<LookupState*>(node)->lookup = pg::give_to(state->es_query_cxt, std::make_unique<KeyLookup>(node));
  });
}

TupleTableSlot* execute(CustomScanState* node) {
  return pg::enter([=] { return lookup_of(node)->next(); });
}

void end(CustomScanState* node) {
  pg::enter([=] {
    pg::guard([=] {
      for (int i = 0; i < list_length(node->custom_ps); ++i) {
        ExecEndNode(static_cast<PlanState*>(list_nth(node->custom_ps, i)));
      }
    });
  });
}

void rescan(CustomScanState* node) {
  pg::enter([=] { lookup_of(node)->rescan(); });
}

void explain(CustomScanState* node, List* ancestors, ExplainState* state) {
  pg::enter([=] { explain_lookup(node, lookup_of(node)->counts(), ancestors, state); });
}

constexpr CustomExecMethods exec_methods = pg::custom_exec_methods(node_name, begin, execute, end, rescan, explain);

Node* create_state(CustomScan* /*plan*/) {
  return pg::enter([] { return pg::guard([] { return pg::make_custom_state<LookupState>(&exec_methods); }); });
}

constexpr CustomScanMethods scan_methods = {.CustomName = node_name, .CreateCustomScanState = create_state};

Plan* plan(PlannerInfo* /*root*/, RelOptInfo* /*join*/, CustomPath* path, List* targets, List* /*clauses*/,
           List* plans) {
  return pg::enter([=] { return plan_key_lookup(path, targets, plans, &scan_methods); });
}

constexpr CustomPathMethods path_methods = [] {
  CustomPathMethods methods{};
  methods.CustomName = node_name;
  methods.PlanCustomPath = plan;
  return methods;
}();

set_join_pathlist_hook_type previous_hook = nullptr;

void on_join_paths(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                   JoinPathExtraData* extra) {
  if (previous_hook != nullptr) previous_hook(root, join, outer, inner, type, extra);
  if (!is_our_table(inner) || !settings::key_lookup_is_enabled()) return;
  pg::enter([=] { add_key_lookup_paths(root, join, outer, inner, type, extra, &path_methods); });
}

}  // namespace

void install_key_lookup() {
  previous_hook = set_join_pathlist_hook;
  set_join_pathlist_hook = on_join_paths;
  pg::guard([] { RegisterCustomScanMethods(&scan_methods); });
}

}  // namespace connector::fdw
