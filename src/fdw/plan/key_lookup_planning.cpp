#include "fdw/plan/key_lookup_planning.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "fdw/plan/foreign_path.hpp"
#include "fdw/plan/joined_row.hpp"
#include "fdw/plan/key_lookup_costs.hpp"
#include "fdw/plan/planned_lookup.hpp"
#include "fdw/plan/planned_relation.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paramassign.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
}

namespace connector::fdw {

using core::Support;

namespace {

/// A key while it is planned.
struct PathKeyColumn {
  LookupKey key;
  const RestrictInfo* clause = nullptr;
  ScalarArrayOpExpr* condition = nullptr;  ///< whose parameter has no number yet
  std::size_t column = 0;                  ///< in the description
};

/// The places in CustomPath::custom_private.
enum PathPlace { place_numbers, place_clauses, place_outer_keys, place_inner_keys, place_conditions, place_functions };

/// A parameter that has no number yet.
constexpr int unassigned = -1;

bool is_offered(const PlannerInfo* root, const RelOptInfo* join, const RelOptInfo* inner, const List* clauses) {
  // A row that was locked or is to be changed may be looked at again, with other values: EvalPlanQual() has no way for
  // that into a CustomScan.
  const CmdType command = root->parse->commandType;
  if (root->rowMarks != NIL || (command != CMD_SELECT && command != CMD_INSERT)) return false;
  if (inner->reloptkind != RELOPT_BASEREL || inner->fdw_private == nullptr) return false;
  if (!bms_is_empty(join->lateral_relids) || !bms_is_empty(inner->lateral_relids)) return false;
  // Conditions without columns would be looked at by a Result, above a scan that has to be the child itself.
  for (const List* list : {clauses, static_cast<const List*>(inner->baserestrictinfo)}) {
    for (int i = 0; i < list_length(list); ++i) {
      if (static_cast<const RestrictInfo*>(list_nth(list, i))->pseudoconstant) return false;
    }
  }
  return true;
}

/// A clause as a key, if it is one by what PostgreSQL knows of it. In a guard.
bool read_key(const RelOptInfo* outer, const RelOptInfo* inner, RestrictInfo* clause, PathKeyColumn& found) {
  const auto* operation = reinterpret_cast<const OpExpr*>(clause->clause);
  if (!IsA(operation, OpExpr) || list_length(operation->args) != 2) return false;
  const bool outer_first =
      bms_is_subset(clause->left_relids, outer->relids) && bms_equal(clause->right_relids, inner->relids);
  const bool inner_first =
      bms_is_subset(clause->right_relids, outer->relids) && bms_equal(clause->left_relids, inner->relids);
  if (outer_first == inner_first) return false;
  auto* first = static_cast<Node*>(linitial(operation->args));
  auto* second = static_cast<Node*>(lsecond(operation->args));
  Node* value = outer_first ? first : second;
  Node* column = outer_first ? second : first;
  // Looked at by the remote before conditions that come from a view or a policy have been.
  if (!restriction_is_securely_promotable(clause, const_cast<RelOptInfo*>(inner))) return false;
  if (contain_volatile_functions(value) || contain_subplans(value)) return false;
  if (!op_strict(operation->opno) || !op_hashjoinable(operation->opno, exprType(first))) return false;
  RegProcedure first_hash = InvalidOid;
  RegProcedure second_hash = InvalidOid;
  if (!get_op_hash_functions(operation->opno, &first_hash, &second_hash)) return false;
  const Oid comparison = inner_first ? operation->opno : get_commutator(operation->opno);
  const Oid type = exprType(value);
  const Oid array = get_array_type(type);
  if (!OidIsValid(comparison) || !OidIsValid(array)) return false;
  auto* parameter = makeNode(Param);
  parameter->paramkind = PARAM_EXEC;
  parameter->paramid = unassigned;
  parameter->paramtype = array;
  parameter->paramtypmod = -1;
  parameter->paramcollid = exprCollation(value);
  parameter->location = -1;
  auto* condition = makeNode(ScalarArrayOpExpr);
  condition->opno = comparison;
  condition->opfuncid = get_opcode(comparison);
  condition->useOr = true;
  condition->inputcollid = operation->inputcollid;
  condition->args = list_make2(column, parameter);
  condition->location = -1;
  found.key.outer = reinterpret_cast<Expr*>(value);
  found.key.inner = reinterpret_cast<Expr*>(column);
  found.key.type = type;
  found.key.outer_hash = outer_first ? first_hash : second_hash;
  found.key.inner_hash = outer_first ? second_hash : first_hash;
  found.key.collation = operation->inputcollid;
  found.clause = clause;
  found.condition = condition;
  return true;
}

/// As PostgreSQL orders clauses: none before one that a view or a policy wants to be looked at earlier, unless it tells
/// nothing (order_qual_clauses() in createplan.c, which is not for extensions).
Index security_level(const RestrictInfo* clause) {
  return clause->leakproof ? 0 : clause->security_level;
}

/// Those that PostgreSQL takes for keys.
std::vector<PathKeyColumn> read_keys(const RelOptInfo* join, const RelOptInfo* outer, const RelOptInfo* inner,
                                     bool is_outer_join, const List* clauses) {
  std::vector<PathKeyColumn> keys;
  // Keys are computed before any clause is looked at.
  Index first_level = std::numeric_limits<Index>::max();
  for (int i = 0; i < list_length(clauses); ++i) {
    first_level = std::min(first_level, static_cast<const RestrictInfo*>(list_nth(clauses, i))->security_level);
  }
  for (int i = 0; i < list_length(clauses); ++i) {
    auto* clause = static_cast<RestrictInfo*>(list_nth(clauses, i));
    // Looked at behind an outer join, it does not decide what belongs together.
    if (is_outer_join && RINFO_IS_PUSHED_DOWN(clause, join->relids)) continue;
    if (security_level(clause) > first_level) continue;
    PathKeyColumn key;
    if (pg::guard([&] { return read_key(outer, inner, clause, key); })) keys.push_back(key);
  }
  return keys;
}

/// Leaves those that the remote can be asked for.
void keep_sent(PlannerInfo* root, const Planned& planned, core::Source& source, std::vector<PathKeyColumn>& keys) {
  const ForeignTable& table = *planned.parts.at(0).table;
  std::erase_if(keys, [&](PathKeyColumn& key) {
    ConditionReader reader(planned.columns, root);
    const auto expression = reader.read(reinterpret_cast<const Node*>(key.condition));
    if (!expression) return true;
    key.column = expression->operands.at(0).column;
    return sent_support(table, source.support(*expression), reader.is_partial()) == Support::none;
  });
}

/// What the costs of a lookup depend on, but for the path of the outer side.
LookupWork work_of(PlannerInfo* root, const RelOptInfo* join, RelOptInfo* inner, const Planned& planned,
                   core::Source& source, const std::vector<PathKeyColumn>& keys, const JoinPathExtraData& extra) {
  LookupWork work;
  ClassifiedClauses classified;
  classify_clauses(root, planned, source, inner->baserestrictinfo, classified);
  std::vector<core::Expression> fixed = classified.expressions;
  work.remote.table_rows = inner->tuples;
  work.remote.width = inner->reltarget->width;
  work.remote.has_index = serves_index(planned.description, classified.expressions);
  for (const PathKeyColumn& key : keys) {
    if (is_indexed(planned.description, key.column)) work.remote.has_index = true;
    fixed.push_back(core::Expression::comparison(key.column, core::Operator::equal, ""));
  }
  std::vector<std::size_t> columns;
  for (const PathKeyColumn& key : keys) columns.push_back(key.column);
  if (const double others = index_combinations(planned.description, columns, classified.expressions); others > 0) {
    work.most_combinations = std::max(first_key_values, static_cast<int>(most_key_combinations / others));
  }
  work.rows_by_key = rows_by_key(planned.description, fixed).value_or(0);
  work.rows = inner->rows;
  work.pairs = join->rows;
  // Each batch would read the whole table.
  if (!work.remote.has_index) work.first_values = most_key_values;
  pg::guard([&] {
    cost_qual_eval(&work.remote.local, classified.kept, root);
    cost_qual_eval(&work.clauses, extra.restrictlist, root);
  });
  return work;
}

void add_path_of(PlannerInfo* root, RelOptInfo* join, RelOptInfo* inner, Path* outer, JoinType type, LookupWork work,
                 const std::vector<PathKeyColumn>& keys, const JoinPathExtraData& extra,
                 const CustomPathMethods* methods) {
  work.outer_rows = outer->rows;
  for (const PathKeyColumn& key : keys) {
    LookupWork::Key& looked_up = work.keys.emplace_back();
    pg::guard([&] {
      looked_up.values = estimate_num_groups(root, list_make1(key.key.outer), outer->rows, nullptr, nullptr);
      // Of a join: one value of the column meets so much of the table.
      looked_up.selectivity = clause_selectivity(root, reinterpret_cast<Node*>(const_cast<RestrictInfo*>(key.clause)),
                                                 0, JOIN_INNER, extra.sjinfo);
    });
  }
  const LookupCost cost = lookup_cost(work);
  pg::guard([&] {
    List *outer_keys = NIL, *inner_keys = NIL, *conditions = NIL, *functions = NIL;
    for (const PathKeyColumn& key : keys) {
      outer_keys = lappend(outer_keys, key.key.outer);
      inner_keys = lappend(inner_keys, key.key.inner);
      // The parameter of each path has a number of its own.
      conditions = lappend(conditions, copyObjectImpl(key.condition));
      functions =
          lappend(functions, list_make4_oid(key.key.type, key.key.outer_hash, key.key.inner_hash, key.key.collation));
    }
    ForeignPath* scan =
        connector_foreign_path(root, inner, cost.scan_rows, cost.scan.startup, cost.scan.total, NIL, nullptr);
    set_key_conditions(scan, conditions);
    auto* path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = join;
    path->path.pathtarget = join->reltarget;
    path->path.rows = join->rows;
    connector_take_disabled(&path->path, outer);
    const QualCost& targets = join->reltarget->cost;
    path->path.startup_cost = outer->startup_cost + (outer->total_cost - outer->startup_cost) * cost.first_part +
                              cost.startup + targets.startup;
    path->path.total_cost =
        outer->total_cost + cost.startup + cost.run + targets.startup + targets.per_tuple * join->rows;
    path->path.total_cost = Max(path->path.total_cost, path->path.startup_cost);
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    path->custom_paths = list_make2(outer, scan);
    path->custom_private = list_make5(list_make3_int(type, work.first_values, work.most_combinations),
                                      extra.restrictlist, outer_keys, inner_keys, conditions);
    path->custom_private = lappend(path->custom_private, functions);
    path->methods = methods;
    add_path(join, &path->path);
  });
}

}  // namespace

void add_key_lookup_paths(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                          JoinPathExtraData* extra, const CustomPathMethods* methods) {
  const bool is_unique = type == JOIN_UNIQUE_OUTER;  // a semijoin the other way round
  if (is_unique) type = JOIN_INNER;
  if (type != JOIN_INNER && type != JOIN_LEFT && type != JOIN_SEMI && type != JOIN_ANTI) return;
  if (!is_offered(root, join, inner, extra->restrictlist) || !has_one_form(join)) return;
  const Planned& planned = fdw::planned(inner);
  if (planned.parts.at(0).table->options.pushdown == Pushdown::off) return;
  std::vector<PathKeyColumn> keys = read_keys(join, outer, inner, IS_OUTER_JOIN(type), extra->restrictlist);
  if (keys.empty()) return;
  const std::unique_ptr<Lease> connection = lease(planned.server, planned.role);
  core::Source& source = *source_of(*connection, planned);
  keep_sent(root, planned, source, keys);
  if (keys.empty()) return;
  const LookupWork work = work_of(root, join, inner, planned, source, keys, *extra);
  const auto add = [&](Path* path) {
    if (path == nullptr || PATH_REQ_OUTER(path) != nullptr) return;
    add_path_of(root, join, inner, path, type, work, keys, *extra, methods);
  };
  if (is_unique) {
    add(pg::guard([&] { return connector_unique_path(root, outer, extra->sjinfo); }));
    return;
  }
  add(outer->cheapest_total_path);
  if (outer->cheapest_startup_path != outer->cheapest_total_path) add(outer->cheapest_startup_path);
}

std::vector<Expr*> key_conditions(PlannerInfo* root, const ForeignPath* path) {
  std::vector<Expr*> conditions;
  const List* keys = key_conditions_of(path);
  for (int i = 0; i < list_length(keys); ++i) {
    auto* condition = static_cast<ScalarArrayOpExpr*>(list_nth(keys, i));
    auto* parameter = static_cast<Param*>(lsecond(condition->args));
    if (parameter->paramid == unassigned) {
      parameter->paramid = pg::guard([root] { return assign_special_exec_param(root); });
    }
    conditions.push_back(reinterpret_cast<Expr*>(condition));
  }
  return conditions;
}

namespace {

/// Cheap ones first where it is no matter otherwise.
List* in_order_of_security(const List* clauses) {
  std::vector<RestrictInfo*> ordered;
  for (int i = 0; i < list_length(clauses); ++i) {
    ordered.push_back(static_cast<RestrictInfo*>(list_nth(clauses, i)));
  }
  const auto rank = [](const RestrictInfo* clause) {
    return std::pair(security_level(clause), clause->eval_cost.per_tuple);  // is known: the paths have asked for it
  };
  std::ranges::stable_sort(ordered, [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
  List* result = NIL;
  pg::guard([&] {
    for (RestrictInfo* clause : ordered) result = lappend(result, clause);
  });
  return result;
}

}  // namespace

Plan* plan_key_lookup(const CustomPath* path, List* targets, List* plans, const CustomScanMethods* methods) {
  const auto part = [path](PathPlace place) { return static_cast<List*>(list_nth(path->custom_private, place)); };
  const auto* outer = static_cast<const Plan*>(linitial(plans));
  const auto* inner = static_cast<const Plan*>(lsecond(plans));
  const RelOptInfo* join = path->path.parent;
  PlannedLookup lookup;
  lookup.type = static_cast<JoinType>(list_nth_int(part(place_numbers), 0));
  lookup.first_values = list_nth_int(part(place_numbers), 1);
  lookup.most_combinations = list_nth_int(part(place_numbers), 2);
  List* row = joined_row(join, outer->targetlist, inner->targetlist);
  const auto over_row = [row](const void* expression) {
    return over_joined_row(row, static_cast<const Node*>(expression));
  };
  const List* clauses = in_order_of_security(part(place_clauses));
  List *joining = NIL, *later = NIL;
  pg::guard([&] {
    if (IS_OUTER_JOIN(lookup.type)) {
      extract_actual_join_clauses(const_cast<List*>(clauses), join->relids, &joining, &later);
    } else {
      joining = extract_actual_clauses(const_cast<List*>(clauses), false);
    }
  });
  lookup.join_clauses = reinterpret_cast<List*>(over_row(joining));
  for (int i = 0; i < list_length(part(place_conditions)); ++i) {
    const auto* condition = static_cast<const ScalarArrayOpExpr*>(list_nth(part(place_conditions), i));
    const auto* functions = static_cast<const List*>(list_nth(part(place_functions), i));
    LookupKey key;
    key.outer = reinterpret_cast<Expr*>(over_row(list_nth(part(place_outer_keys), i)));
    key.inner = reinterpret_cast<Expr*>(over_row(list_nth(part(place_inner_keys), i)));
    key.type = list_nth_oid(functions, 0);
    key.outer_hash = list_nth_oid(functions, 1);
    key.inner_hash = list_nth_oid(functions, 2);
    key.collation = list_nth_oid(functions, 3);
    key.parameter = static_cast<const Param*>(lsecond(condition->args))->paramid;
    lookup.keys.push_back(key);
  }
  auto* plan = pg::guard([] { return makeNode(CustomScan); });
  plan->scan.plan.targetlist = targets;
  plan->scan.plan.qual = reinterpret_cast<List*>(over_row(later));
  plan->custom_plans = plans;
  plan->custom_scan_tlist = row;
  plan->flags = path->flags;
  plan->methods = methods;
  put_into(plan, lookup);
  return &plan->scan.plan;
}

}  // namespace connector::fdw
