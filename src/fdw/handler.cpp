// The functions of the foreign data wrapper, as PostgreSQL calls them. Writing has none: PostgreSQL says so by itself.
#include "pg/postgres.hpp"

#include <memory>

#include "fdw/scan/analyzing.hpp"
#include "fdw/scan/async_execution.hpp"
#include "fdw/plan/combined_planning.hpp"
#include "fdw/plan/foreign_path.hpp"
#include "fdw/scan/explaining.hpp"
#include "fdw/handler.hpp"
#include "fdw/table/import_schema.hpp"
#include "fdw/plan/planning.hpp"
#include "fdw/scan/scan.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/owned.hpp"

extern "C" {
#include "executor/executor.h"
#include "foreign/fdwapi.h"
}

namespace fdw = connector::fdw;
namespace pg = connector::pg;

namespace {

fdw::Scan* scan_of(const ForeignScanState* node) {
  return static_cast<fdw::Scan*>(node->fdw_state);
}

void get_rel_size(PlannerInfo* root, RelOptInfo* relation, Oid table) {
  pg::enter([=] { fdw::estimate_size(root, relation, table); });
}

void get_paths(PlannerInfo* root, RelOptInfo* relation, Oid /*table*/) {
  pg::enter([=] { fdw::add_paths(root, relation); });
}

ForeignScan* get_plan(PlannerInfo* root, RelOptInfo* relation, Oid /*table*/, ForeignPath* path, List* targets,
                      List* clauses, Plan* outer) {
  return pg::enter([=] {
    ForeignScan* plan = fdw::make_plan(root, relation, path, targets, clauses, outer);
    fdw::note_plan(root, path, plan);
    return plan;
  });
}

void get_join_paths(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                    JoinPathExtraData* extra) {
  pg::enter([=] { fdw::add_join_path(root, join, outer, inner, type, extra); });
}

void get_upper_paths(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input, RelOptInfo* output, void* extra) {
  pg::enter([=] { fdw::add_upper_path(root, stage, input, output, extra); });
}

void begin_scan(ForeignScanState* node, int flags) {
  if ((flags & EXEC_FLAG_EXPLAIN_ONLY) != 0) return;
  pg::enter([=] { node->fdw_state = pg::give_to(node->ss.ps.state->es_query_cxt, std::make_unique<fdw::Scan>(node)); });
}

TupleTableSlot* iterate_scan(ForeignScanState* node) {
  fdw::Scan* scan = scan_of(node);
  if (scan->has_row()) {
    TupleTableSlot* slot = ExecClearTuple(node->ss.ss_ScanTupleSlot);
    scan->take_row(slot);
    return slot;
  }
  return pg::enter([=] { return scan->next(); });
}

void rescan(ForeignScanState* node) {
  pg::enter([=] { scan_of(node)->rescan(); });
}

void end_scan(ForeignScanState* node) {
  if (fdw::Scan* scan = scan_of(node)) pg::enter([=] { scan->end(); });
}

void explain_scan(ForeignScanState* node, ExplainState* state) {
  pg::enter([=] { fdw::explain(node, scan_of(node), state); });
}

bool is_async_capable(ForeignPath* path) {
  return pg::enter([=] { return fdw::can_be_async(path); });
}

bool analyze_table(Relation relation, AcquireSampleRowsFunc* function, BlockNumber* pages) {
  return pg::enter([=] { return fdw::analyze(relation, function, pages); });
}

}  // namespace

bool fdw::is_our_table(const RelOptInfo* relation) noexcept {
  return relation->fdwroutine != nullptr && relation->fdwroutine->GetForeignRelSize == get_rel_size;
}

CONNECTOR_FUNCTION(connector_fdw_handler) {
  auto* routine = pg::guard([] { return makeNode(FdwRoutine); });
  routine->GetForeignRelSize = get_rel_size;
  routine->GetForeignPaths = get_paths;
  routine->GetForeignPlan = get_plan;
  routine->GetForeignJoinPaths = get_join_paths;
  routine->GetForeignUpperPaths = get_upper_paths;
  routine->BeginForeignScan = begin_scan;
  routine->IterateForeignScan = iterate_scan;
  routine->ReScanForeignScan = rescan;
  routine->EndForeignScan = end_scan;
  routine->ExplainForeignScan = explain_scan;
  routine->IsForeignPathAsyncCapable = is_async_capable;
  routine->ForeignAsyncRequest = fdw::request_row;
  routine->ForeignAsyncConfigureWait = fdw::configure_wait;
  routine->ForeignAsyncNotify = fdw::notify_scan;
  routine->AnalyzeForeignTable = analyze_table;
  routine->ImportForeignSchema = fdw::import_foreign_schema;
  return PointerGetDatum(routine);
}
