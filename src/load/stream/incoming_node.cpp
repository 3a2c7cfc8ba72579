// PostgreSQL's callbacks: a call of connector.incoming_rows() in FROM, which a FunctionScan would store as a whole
// before the first row is handed out, becomes a custom scan.
#include "load/stream/incoming_node.hpp"

#include "pg/postgres.hpp"

#include "load/stream/incoming_rows.hpp"
#include "pg/custom_scan.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
}

namespace connector::load {

namespace {

constexpr const char* node_name = "Connector Incoming Rows";

struct IncomingState {
  CustomScanState node;
  IncomingRows* rows;  ///< null for EXPLAIN
  ExprState* before;   ///< null when it was computed
};

IncomingState* state_of(ScanState* node) {
  return reinterpret_cast<IncomingState*>(node);
}

void begin(CustomScanState* node, EState* /*state*/, int flags) {
  if ((flags & EXEC_FLAG_EXPLAIN_ONLY) != 0) return;
  const auto* plan = reinterpret_cast<const CustomScan*>(node->ss.ps.plan);
  IncomingState* state = state_of(&node->ss);
  state->rows = IncomingRows::take(intVal(linitial(plan->custom_private)));
  if (state->rows == nullptr) elog(ERROR, "the rows of this load are read elsewhere");
  if (state->rows->columns() != static_cast<std::size_t>(list_length(plan->custom_scan_tlist))) {
    elog(ERROR, "the rows of this load have other columns");
  }
  state->before = ExecInitExpr(static_cast<Expr*>(linitial(plan->custom_exprs)), &node->ss.ps);
}

// What comes before the first row runs here, outside of the entry: nothing in these frames has a destructor.
void compute_before(IncomingState* state) {
  bool is_null = false;
  const Datum value = ExecEvalExprSwitchContext(state->before, state->node.ss.ps.ps_ExprContext, &is_null);
  state->before = nullptr;
  if (!is_null) state->rows->set_value_before(DatumGetInt64(value));
}

TupleTableSlot* next_row(ScanState* node) {
  IncomingState* state = state_of(node);
  TupleTableSlot* slot = ExecClearTuple(node->ss_ScanTupleSlot);
  if (state->before != nullptr) compute_before(state);
  IncomingRows* rows = state->rows;
  if (!rows->has_row() && !pg::enter([=] { return rows->fetch(); })) return slot;
  rows->take_row(slot->tts_values, slot->tts_isnull);
  return ExecStoreVirtualTuple(slot);
}

bool recheck(ScanState* /*node*/, TupleTableSlot* /*slot*/) {
  return true;  // nobody changes the rows
}

TupleTableSlot* execute(CustomScanState* node) {
  return ExecScan(&node->ss, next_row, recheck);
}

void end(CustomScanState* /*node*/) {}

void rescan(CustomScanState* /*node*/) {
  elog(ERROR, "the rows of a load are handed out once");
}

constexpr CustomExecMethods exec_methods = pg::custom_exec_methods(node_name, begin, execute, end, rescan, nullptr);

Node* create_state(CustomScan* /*plan*/) {
  return pg::make_custom_state<IncomingState>(&exec_methods);
}

constexpr CustomScanMethods scan_methods = {.CustomName = node_name, .CreateCustomScanState = create_state};

/// The places in CustomPath::custom_private.
enum PathPlace { place_number, place_before, place_columns };

Plan* make_plan(PlannerInfo* /*root*/, RelOptInfo* /*relation*/, CustomPath* path, List* targets, List* clauses,
                List* /*plans*/) {
  auto* plan = makeNode(CustomScan);
  plan->scan.plan.targetlist = targets;
  plan->scan.plan.qual = extract_actual_clauses(clauses, false);
  plan->custom_private = static_cast<List*>(list_nth(path->custom_private, place_number));
  plan->custom_exprs = static_cast<List*>(list_nth(path->custom_private, place_before));
  plan->custom_scan_tlist = static_cast<List*>(list_nth(path->custom_private, place_columns));
  plan->flags = path->flags;
  plan->methods = &scan_methods;
  return &plan->scan.plan;
}

constexpr CustomPathMethods path_methods = [] {
  CustomPathMethods methods{};
  methods.CustomName = node_name;
  methods.PlanCustomPath = make_plan;
  return methods;
}();

/// The rows that the function in FROM stands for; null if it is any other function, or anybody else's call.
const IncomingRows* rows_of(const RangeTblFunction* function) {
  if (!IsA(function->funcexpr, FuncExpr)) return nullptr;
  const auto* call = reinterpret_cast<const FuncExpr*>(function->funcexpr);
  if (list_length(call->args) != 2 || !IsA(linitial(call->args), Const)) return nullptr;
  const auto* secret = static_cast<const Const*>(linitial(call->args));
  if (secret->constisnull) return nullptr;
  return IncomingRows::find_by_secret(call->funcid, DatumGetInt64(secret->constvalue));
}

/// The columns of the definition list behind the function.
List* columns_of(const RangeTblFunction* function, Index index) {
  List* targets = NIL;
  for (int i = 0; i < list_length(function->funccoltypes); ++i) {
    auto number = static_cast<AttrNumber>(i + 1);
    Var* column = makeVar(static_cast<int>(index), number, list_nth_oid(function->funccoltypes, i),
                          list_nth_int(function->funccoltypmods, i), list_nth_oid(function->funccolcollations, i), 0);
    targets = lappend(targets, makeTargetEntry(reinterpret_cast<Expr*>(column), number, nullptr, false));
  }
  return targets;
}

void add_incoming_path(RelOptInfo* relation, Index index, const RangeTblFunction* function, const IncomingRows* rows) {
  const auto* call = reinterpret_cast<const FuncExpr*>(function->funcexpr);
  auto* path = makeNode(CustomPath);
  path->path.pathtype = T_CustomScan;
  path->path.parent = relation;
  path->path.pathtarget = relation->reltarget;
  path->path.rows = relation->rows;
  path->path.total_cost = cpu_tuple_cost * relation->rows;
  path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
  // A node, and no list of plain integers: Citus takes for one what it finds first in a custom scan, whosever it is.
  path->custom_private =
      list_make3(list_make1(makeInteger(rows->number())), list_make1(lsecond(call->args)), columns_of(function, index));
  path->methods = &path_methods;
  relation->pathlist = NIL;
  relation->partial_pathlist = NIL;
  add_path(relation, &path->path);
}

set_rel_pathlist_hook_type previous_hook = nullptr;

void on_paths(PlannerInfo* root, RelOptInfo* relation, Index index, RangeTblEntry* entry) {
  if (previous_hook != nullptr) previous_hook(root, relation, index, entry);
  if (!IncomingRows::any() || entry->rtekind != RTE_FUNCTION || list_length(entry->functions) != 1) return;
  const auto* function = static_cast<const RangeTblFunction*>(linitial(entry->functions));
  const IncomingRows* rows = rows_of(function);
  if (rows != nullptr && !entry->funcordinality) add_incoming_path(relation, index, function, rows);
}

}  // namespace

void install_incoming_node() {
  previous_hook = set_rel_pathlist_hook;
  set_rel_pathlist_hook = on_paths;
  pg::guard([] { RegisterCustomScanMethods(&scan_methods); });
}

}  // namespace connector::load
