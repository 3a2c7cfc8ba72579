#include "fdw/lookup/key_lookup_explaining.hpp"

#include "fdw/plan/planned_lookup.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "commands/explain.h"
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"
}

namespace connector::fdw {

namespace {

const char* kind_of(JoinType type) {
  switch (type) {
    case JOIN_LEFT:
      return "Left";
    case JOIN_SEMI:
      return "Semi";
    case JOIN_ANTI:
      return "Anti";
    default:
      return "Inner";
  }
}

}  // namespace

void explain_lookup(CustomScanState* node, const LookupCounts& counts, List* ancestors, ExplainState* state) {
  const PlannedLookup planned = planned_lookup(reinterpret_cast<const CustomScan*>(node->ss.ps.plan));
  pg::guard([&] {
    List* context = set_deparse_context_plan(state->deparse_cxt, node->ss.ps.plan, ancestors);
    const auto sql_of = [=](Node* expression) { return deparse_expression(expression, context, true, false); };
    ExplainPropertyText("Join Type", kind_of(planned.type), state);
    List* columns = NIL;
    for (const LookupKey& key : planned.keys) columns = lappend(columns, sql_of(reinterpret_cast<Node*>(key.inner)));
    ExplainPropertyList("Remote Keys", columns, state);
    if (planned.join_clauses != NIL) {
      ExplainPropertyText("Join Cond", sql_of(reinterpret_cast<Node*>(make_ands_explicit(planned.join_clauses))),
                          state);
    }
    if (!state->analyze) return;
    const auto tell = [state](const char* name, std::uint64_t count) {
      ExplainPropertyUInteger(name, nullptr, count, state);
    };
    tell("Key Batches", counts.batches);
    tell("Keys Sent", counts.values);
    if (counts.unsent > 0) tell("Outer Rows With Keys Not Sent", counts.unsent);
    tell("Remote Rows Without Match", counts.dropped);
    if (counts.refused > 0) tell("Rows Removed by Join Filter", counts.refused);
  });
}

}  // namespace connector::fdw
