#include "fdw/scan/explaining.hpp"

#include "fdw/plan/planned_scan.hpp"
#include "fdw/plan/remote_costs.hpp"
#include "fdw/scan/scan.hpp"
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

/// The conditions in SQL, with the table's columns by their names. They are told by the plan's own context: from 18 on
/// PostgreSQL looks for what computes a parameter in the plan, and one without a plan crashes it. In a guard.
const char* sql_of(const ForeignScanState* node, List* conditions, const ExplainState* state) {
  List* context = set_deparse_context_plan(state->deparse_cxt, node->ss.ps.plan, NIL);
  return deparse_expression(reinterpret_cast<Node*>(make_ands_explicit(conditions)), context, false, false);
}

/// In a guard.
void explain_statement(const std::string& statement, const Expr* limit, const Expr* offset, ExplainState* state) {
  if (!state->verbose) return;
  ExplainPropertyText("Remote SQL", statement.c_str(), state);
  if (limit != nullptr && !constant_limit(limit, offset)) {
    ExplainPropertyText("Remote Limit", "as the query's, known when the scan begins", state);
  }
}

}  // namespace

void explain(const ForeignScanState* node, const Scan* scan, ExplainState* state) {
  const auto* plan = reinterpret_cast<const ForeignScan*>(node->ss.ps.plan);
  if (is_combined(plan)) {
    const CombinedScan planned = combined_scan(plan);
    pg::guard([&] {
      ExplainPropertyText("Relations", planned.relations.c_str(), state);
      explain_statement(planned.statement, planned.limit, planned.offset, state);
    });
  } else if (state->verbose) {
    const PlannedScan planned = planned_scan(plan);
    pg::guard([&] {
      explain_statement(planned.statement, planned.limit, planned.offset, state);
      List* narrowing = NIL;
      for (std::size_t i = 0; i < planned.conditions.size(); ++i) {
        if (!planned.is_exact[i]) narrowing = lappend(narrowing, planned.conditions[i]);
      }
      if (narrowing != NIL) {
        ExplainPropertyText("Narrowed By", sql_of(node, narrowing, state), state);
      }
    });
  }
  if (scan == nullptr || !state->analyze) return;
  const ScanCounts& counts = scan->counts();
  pg::guard([&] {
    if (state->timing && counts.statements > 0) {
      ExplainPropertyFloat("First Remote Row After", "ms", counts.to_first_row.count(), 3, state);
    }
    const auto tell = [state](const char* name, std::uint64_t count) {
      ExplainPropertyUInteger(name, nullptr, count, state);
    };
    tell("Remote Statements", counts.statements);
    tell("Remote Rows", counts.rows);
    tell("Remote Bytes", counts.bytes);
    if (state->verbose) tell("Remote Batches", counts.batches);
    if (counts.dropped > 0) tell("Rows Removed by Recheck", counts.dropped);
  });
}

}  // namespace connector::fdw
