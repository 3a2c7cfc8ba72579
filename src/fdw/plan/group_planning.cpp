#include <algorithm>
#include <memory>
#include <utility>

#include "fdw/plan/combined_plan.hpp"
#include "fdw/plan/combined_planning.hpp"
#include "fdw/plan/remote_costs.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/owned.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "foreign/fdwapi.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"
}

namespace connector::fdw {

using core::AggregateFunction;

namespace {

/// RelOptInfo::fdw_private of groups, or of different rows.
struct PlannedGroups {
  const RelOptInfo* input = nullptr;  ///< what is grouped: a table or join
  std::vector<std::size_t> keys;      ///< columns of the source
  std::vector<core::Aggregate> aggregates;
  std::vector<CombinedColumn> columns;  ///< of the keys, then of the aggregates
  std::vector<Average> averages;
  List* scan_targets = nullptr;  ///< TargetEntries: keys, and aggregates as PostgreSQL has them
  List* kept = nullptr;          ///< HAVING, which is looked at here
};

bool is_summed_type(Oid type) noexcept {
  return type == INT2OID || type == INT4OID || type == INT8OID || type == NUMERICOID;
}

/// An aggregate of PostgreSQL's own, as it is called in the query.
struct Call {
  std::string name;                   ///< "sum"
  std::optional<std::size_t> column;  ///< of the source; nothing: of rows
  Oid type = InvalidOid;              ///< whose operators the column's values have
};

/// Nothing for a call that is more than a function of one column's values.
std::optional<Call> read_call(const Planned& input, const Aggref* aggregate) {
  const bool is_plain = aggregate->aggfnoid < FirstGenbkiObjectId && aggregate->aggkind == AGGKIND_NORMAL &&
                        aggregate->aggsplit == AGGSPLIT_SIMPLE && aggregate->aggfilter == nullptr &&
                        aggregate->aggorder == NIL && aggregate->agglevelsup == 0 && !aggregate->aggvariadic;
  if (!is_plain) return std::nullopt;
  Call call;
  call.name = pg::guard([=] { return get_func_name(aggregate->aggfnoid); });
  if (aggregate->aggstar) return call;
  if (list_length(aggregate->args) != 1) return std::nullopt;
  const auto* argument = static_cast<const TargetEntry*>(linitial(aggregate->args));
  pg::guard(
      [&] { call.column = scan_column(input.columns, reinterpret_cast<const Node*>(argument->expr), &call.type); });
  return call.column ? std::optional(call) : std::nullopt;
}

/// Whether different values are counted by equality as core means it.
bool counts_different_values(const Call& call, const Aggref* aggregate) {
  if (list_length(aggregate->aggdistinct) != 1) return false;
  const auto* clause = static_cast<const SortGroupClause*>(linitial(aggregate->aggdistinct));
  const int strategy = pg::guard([&] { return usual_strategy(clause->eqop, call.type); });
  return strategy == BTEqualStrategyNumber && is_usual_equality(call.type, aggregate->inputcollid);
}

/// Whether the least and the greatest value are so by the order that the remote is asked for.
bool has_usual_order(Oid type, Oid collation) {
  const Oid family = pg::guard([=] { return lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf; });
  return is_usual_order(type, family, collation);
}

/// Collects what is asked for.
class GroupReader {
 public:
  GroupReader(const Planned& input, core::Source& source, PlannedGroups& groups)
      : input_(input), source_(source), groups_(groups) {}

  /// All of these are false if the remote can't do it.
  bool add_key(Expr* expression);
  bool add_aggregate(Aggref* aggregate);
  bool add_all(const List* expressions);

 private:
  std::size_t place_of(const core::Aggregate& aggregate, Oid type);
  int add_target(Expr* expression);
  bool has(const Expr* expression) const;

  const Planned& input_;
  core::Source& source_;
  PlannedGroups& groups_;
};

bool GroupReader::has(const Expr* expression) const {
  return pg::guard([&] { return tlist_member(const_cast<Expr*>(expression), groups_.scan_targets) != nullptr; });
}

/// The attribute of the scan's slot.
int GroupReader::add_target(Expr* expression) {
  pg::guard([&] { groups_.scan_targets = add_to_flat_tlist(groups_.scan_targets, list_make1(expression)); });
  return list_length(groups_.scan_targets) - 1;
}

bool GroupReader::add_key(Expr* expression) {
  if (!IsA(expression, Var)) return false;
  if (has(expression)) return true;
  const auto* column = reinterpret_cast<const Var*>(expression);
  const std::optional<std::size_t> own = source_column(input_, column);
  if (!own || input_.columns.index(column->varno, column->varattno) != own) return false;
  if (!source_.groups_by(*own) || !is_usual_equality(column->vartype, column->varcollid)) return false;
  const int attribute = add_target(expression);
  const auto found = std::ranges::find(groups_.keys, *own);
  if (found != groups_.keys.end()) {  // the same column, of which another outer join may make NULL
    groups_.columns[static_cast<std::size_t>(found - groups_.keys.begin())].attributes.push_back(attribute);
    return true;
  }
  groups_.columns.insert(groups_.columns.begin() + static_cast<std::ptrdiff_t>(groups_.keys.size()),
                         {column->vartype, column->vartypmod, {attribute}});
  groups_.keys.push_back(*own);
  return true;
}

/// The column of the batch, behind the keys, that has an aggregate as values of a type.
std::size_t GroupReader::place_of(const core::Aggregate& aggregate, Oid type) {
  const std::size_t keys = groups_.keys.size();
  for (std::size_t i = 0; i < groups_.aggregates.size(); ++i) {
    if (groups_.aggregates[i] == aggregate && groups_.columns[keys + i].type == type) return keys + i;
  }
  groups_.aggregates.push_back(aggregate);
  groups_.columns.push_back({type, -1, {}});
  return groups_.columns.size() - 1;
}

bool GroupReader::add_aggregate(Aggref* aggregate) {
  if (has(reinterpret_cast<Expr*>(aggregate))) return true;
  const std::optional<Call> call = read_call(input_, aggregate);
  if (!call) return false;
  core::Aggregate asked;
  asked.column = call->column.value_or(0);
  const bool is_distinct = aggregate->aggdistinct != NIL;
  if (call->name == "count") {
    asked.function = !call->column ? AggregateFunction::count_rows : AggregateFunction::count;
    if (is_distinct) {
      if (!call->column || !counts_different_values(*call, aggregate)) return false;
      asked.function = AggregateFunction::count_distinct;
    }
  } else if (call->name == "min" || call->name == "max") {
    if (!has_usual_order(call->type, aggregate->inputcollid)) return false;
    asked.function = call->name == "min" ? AggregateFunction::minimum : AggregateFunction::maximum;
  } else if (call->name == "sum" || call->name == "avg") {
    if (is_distinct || !is_summed_type(call->type)) return false;
    asked.function = AggregateFunction::sum;
  } else {
    return false;
  }
  const std::optional<core::RemoteColumn> arriving = source_.aggregate(asked);
  if (!arriving || !can_read_aggregate(*arriving, asked.function, load::local_type_of(aggregate->aggtype, -1)))
    return false;
  if (call->name != "avg") {
    const std::size_t place = place_of(asked, aggregate->aggtype);
    groups_.columns[place].attributes.push_back(add_target(reinterpret_cast<Expr*>(aggregate)));
    return true;
  }
  const core::Aggregate counted{.function = AggregateFunction::count, .column = asked.column};
  if (!source_.aggregate(counted)) return false;
  const std::size_t sum = place_of(asked, NUMERICOID);
  const std::size_t count = place_of(counted, INT8OID);
  groups_.averages.push_back({add_target(reinterpret_cast<Expr*>(aggregate)), sum, count});
  return true;
}

/// The aggregates in expressions; all columns beside them must be keys.
bool GroupReader::add_all(const List* expressions) {
  const List* found = pg::guard([&] {
    return pull_var_clause(reinterpret_cast<Node*>(const_cast<List*>(expressions)),
                           PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS);
  });
  for (int i = 0; i < list_length(found); ++i) {
    auto* expression = static_cast<Expr*>(list_nth(found, i));
    if (IsA(expression, Aggref)) {
      if (!add_aggregate(reinterpret_cast<Aggref*>(expression))) return false;
    } else if (!has(expression)) {
      return false;
    }
  }
  return true;
}

/// The expressions of GROUP BY or DISTINCT; nothing if not all are compared as usual.
std::optional<List*> key_expressions(const PlannerInfo* root, const List* clauses) {
  List* expressions = NIL;
  for (int i = 0; i < list_length(clauses); ++i) {
    auto* clause = static_cast<SortGroupClause*>(list_nth(clauses, i));
    const bool is_usual = pg::guard([&] {
      auto* expression = get_sortgroupclause_expr(clause, root->processed_tlist);
      expressions = lappend(expressions, expression);
      Oid type = exprType(expression);
      if (type == VARCHAROID) type = TEXTOID;
      if (type == CIDROID) type = INETOID;
      return usual_strategy(clause->eqop, type) == BTEqualStrategyNumber;
    });
    if (!is_usual) return std::nullopt;
  }
  return expressions;
}

/// A path that gives the same rows, and whose plan's node takes any targets of groups.
Path* local_path(const RelOptInfo* output) {
  for (int i = 0; i < list_length(output->pathlist); ++i) {
    const auto* path = static_cast<const Path*>(list_nth(output->pathlist, i));
    if (path->param_info != nullptr) continue;
    if (IsA(path, GroupPath)) return copy_of<GroupPath>(path);
    if (IsA(path, AggPath) && reinterpret_cast<const AggPath*>(path)->aggsplit == AGGSPLIT_SIMPLE) {
      return copy_of<AggPath>(path);
    }
  }
  return nullptr;
}

CombinedScan grouped_scan(PlannerInfo* root, const PlannedGroups& groups) {
  CombinedScan scan = scan_of(root, planned(groups.input));
  scan.scan.is_grouped = true;
  scan.scan.columns = groups.keys;
  scan.scan.aggregates = groups.aggregates;
  return scan;
}

bool may_be_grouped(const PlannerInfo* root, const RelOptInfo* input, const RelOptInfo* output) {
  if (output->fdw_private != nullptr || input->fdw_private == nullptr || IS_UPPER_REL(input)) return false;
  return planned(input).all_exact && !root->hasPseudoConstantQuals && root->rowMarks == NIL;
}

void add_group_path(PlannerInfo* root, const RelOptInfo* input, RelOptInfo* output, const List* clauses,
                    PathTarget* target, List* having) {
  const Planned& grouped = planned(input);
  const std::optional<List*> keys = key_expressions(root, clauses);
  if (!keys) return;
  const std::unique_ptr<Lease> connection = lease(grouped.server, grouped.role);
  core::Source* source = source_of(*connection, grouped);
  if (source == nullptr) return;
  auto owned = std::make_unique<PlannedGroups>();
  PlannedGroups& groups = *owned;
  groups.input = input;
  groups.kept = having;
  GroupReader reader(grouped, *source, groups);
  for (int i = 0; i < list_length(*keys); ++i) {
    if (!reader.add_key(static_cast<Expr*>(list_nth(*keys, i)))) return;
  }
  if (!reader.add_all(target->exprs) || !reader.add_all(having)) return;
  // DISTINCT has no aggregates, and one row at least only where there is one.
  if (groups.keys.empty() && groups.aggregates.empty()) return;
  if (!source->takes(grouped_scan(root, groups).scan)) return;
  Path* local = nullptr;
  if (has_parameters(root, grouped)) {
    // It looks at HAVING, too.
    local = local_path(output);
    if (local == nullptr || pg::guard([=] { return contain_volatile_functions(reinterpret_cast<Node*>(having)); }))
      return;
  }
  RemoteWork work;
  work.table_rows = grouped.looked_at;
  work.width = target->width;
  double rows = 1;
  pg::guard([&] {
    if (*keys != NIL) rows = estimate_num_groups(root, *keys, input->rows, nullptr, nullptr);
    cost_qual_eval(&work.local, having, root);
  });
  work.sent_rows = rows;
  PathCost cost = path_cost(work);
  cost.total += input->rows * cpu_operator_cost * static_cast<double>(groups.keys.size() + groups.aggregates.size());
  output->fdw_private = pg::give_to(root->planner_cxt, std::move(owned));
  pg::guard([&] {
    const double left = having == NIL ? rows : rows * clauselist_selectivity(root, having, 0, JOIN_INNER, nullptr);
    add_path(output, reinterpret_cast<Path*>(connector_foreign_upper_path(root, output, target, clamp_row_est(left),
                                                                          cost.startup, cost.total, local)));
  });
}

ForeignScan* make_group_plan(PlannerInfo* root, const PlannedGroups& groups, List* targets, Plan* outer) {
  const Planned& grouped = planned(groups.input);
  CombinedScan scan = grouped_scan(root, groups);
  scan.columns = groups.columns;
  scan.averages = groups.averages;
  scan.relations = (groups.aggregates.empty() ? "Distinct on (" : "Aggregate on (") + shown_relations(grouped) + ')';
  return combined_plan(grouped, std::move(scan), targets, groups.scan_targets, groups.kept, outer);
}

}  // namespace

void add_upper_path(PlannerInfo* root, UpperRelationKind stage, RelOptInfo* input, RelOptInfo* output, void* extra) {
  if (!may_be_grouped(root, input, output)) return;
  const Query* query = root->parse;
  if (query->groupingSets != NIL) return;
  if (stage == UPPERREL_GROUP_AGG) {
    const auto* grouping = static_cast<const GroupPathExtraData*>(extra);
    if (grouping->patype != PARTITIONWISE_AGGREGATE_NONE) return;
    add_group_path(root, input, output, query->groupClause, output->reltarget,
                   reinterpret_cast<List*>(grouping->havingQual));
  } else if (stage == UPPERREL_DISTINCT) {
    const bool is_plain = !query->hasDistinctOn && !query->hasWindowFuncs && !query->hasTargetSRFs && !query->hasAggs &&
                          query->groupClause == NIL && query->havingQual == nullptr;
    if (!is_plain) return;
    add_group_path(root, input, output, query->distinctClause, root->upper_targets[UPPERREL_DISTINCT], NIL);
  }
}

ForeignScan* make_combined_plan(PlannerInfo* root, RelOptInfo* relation, const ForeignPath* path, List* targets,
                                Plan* outer) {
  if (!IS_UPPER_REL(relation)) return make_join_plan(root, relation, path, targets, outer);
  return make_group_plan(root, *static_cast<const PlannedGroups*>(relation->fdw_private), targets, outer);
}

}  // namespace connector::fdw
