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
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "utils/memutils.h"
}

namespace connector::fdw {

using core::JoinKind;
using core::Support;

namespace {

/// What it costs to compare a row with another one, beside looking at one.
constexpr double compared_row = 0.25;

std::optional<JoinKind> kind_of(JoinType type) noexcept {
  switch (type) {
    case JOIN_INNER:
      return JoinKind::inner;
    case JOIN_LEFT:
      return JoinKind::left;
    case JOIN_SEMI:
      return JoinKind::semi;
    case JOIN_ANTI:
      return JoinKind::anti;
    default:
      return std::nullopt;
  }
}

/// Whether the two may be joined there, but for the conditions of the join.
bool may_be_joined(const PlannerInfo* root, const RelOptInfo* join, const RelOptInfo* outer, const RelOptInfo* inner) {
  if (outer->fdw_private == nullptr || inner->fdw_private == nullptr || !IS_SIMPLE_REL(inner)) return false;
  // What locks or changes rows looks at them one table by one. Conditions without columns are looked at above a scan.
  if (root->rowMarks != NIL || root->hasPseudoConstantQuals || !bms_is_empty(join->lateral_relids)) return false;
  const Planned &left = planned(outer), &right = planned(inner);
  // A table without columns is described with all that the remote has.
  if (left.parts[0].table->attributes.empty() || right.parts[0].table->attributes.empty()) return false;
  const auto invalid_values = [](const Planned& side) { return side.parts[0].table->options.invalid_values; };
  return left.all_exact && right.all_exact && left.server == right.server && left.role == right.role &&
         invalid_values(left) == invalid_values(right);
}

/// Whether the remote is asked to compare a column of the new part with one of those before it.
bool compares_parts(const core::Expression& condition, std::size_t first_column) {
  const auto is_new = [=](const core::Expression& operand) { return operand.column >= first_column; };
  if (condition.is_logical()) {
    return condition.operation == core::Operator::logical_and &&
           std::ranges::any_of(condition.operands,
                               [=](const auto& operand) { return compares_parts(operand, first_column); });
  }
  if (condition.operands.size() != 2 || condition.operands[1].kind != core::Expression::Kind::column) return false;
  return is_new(condition.operands[0]) != is_new(condition.operands[1]);
}

/// All that the two sides have, and the columns of both.
std::unique_ptr<Planned> combine(const Planned& left, const Planned& right, JoinKind kind) {
  auto owned = std::make_unique<Planned>();
  Planned& both = *owned;
  both.server = left.server;
  both.role = left.role;
  both.parts = left.parts;
  both.joins = left.joins;
  both.parts.push_back(right.parts[0]);
  PlannedPart& added = both.parts.back();
  added.first_column = left.description.columns.size();
  added.is_visible = kind == JoinKind::inner || kind == JoinKind::left;
  added.is_nullable = kind == JoinKind::left;
  both.joins.push_back({.kind = kind});
  for (const PlannedPart& part : both.parts) both.all_columns.add(part.relation, part.comparable, part.first_column);
  both.columns = left.columns;
  both.columns.add(added.relation, added.comparable, added.first_column);
  return owned;
}

/// The conditions of a join, by what becomes of them.
struct JoinClauses {
  List* on = nullptr;     ///< of outer joins, of EXISTS, and those of inner joins that are exact
  List* where = nullptr;  ///< exact ones that are looked at behind an outer join
  List* kept = nullptr;   ///< looked at here
};

/// Nothing if the remote can't be asked what must be asked.
std::optional<JoinClauses> classify_join_clauses(PlannerInfo* root, const RelOptInfo* join, const Planned& both,
                                                 core::Source& source, JoinKind kind, const List* clauses) {
  JoinClauses classified;
  const bool is_outer = kind == JoinKind::left || kind == JoinKind::anti;
  for (int i = 0; i < list_length(clauses); ++i) {
    auto* clause = static_cast<RestrictInfo*>(list_nth(clauses, i));
    const bool is_later = is_outer && RINFO_IS_PUSHED_DOWN(clause, join->relids);
    // NOT EXISTS leaves nothing of the part that it could be about.
    if (is_later && kind == JoinKind::anti) return std::nullopt;
    const bool is_exact = condition_of(root, both, source, clause).support == Support::exact;
    // EXISTS has to be right as a whole.
    const bool may_be_kept = is_later || kind == JoinKind::inner;
    if (!is_exact && !may_be_kept) return std::nullopt;
    List*& list = !is_exact ? classified.kept : is_later ? classified.where : classified.on;
    pg::guard([&] { list = lappend(list, clause); });
  }
  return classified;
}

/// Whether all values that are wanted above are columns that can be read.
bool can_be_read(const Planned& both, const List* expressions) {
  for (int i = 0; i < list_length(expressions); ++i) {
    const auto* column = static_cast<const Var*>(list_nth(expressions, i));
    if (!IsA(column, Var)) return false;
    const std::optional<std::size_t> index = source_column(both, column);
    if (!index || !both.description.columns[*index].unsupported_reason.empty()) return false;
  }
  return true;
}

/// Whether the join compares a key of the new part, so that a row of the outer side has one partner at most.
bool finds_one_row(const Planned& right, const core::Expression& on, std::size_t first_column) {
  std::vector<core::Expression> fixed;
  for (const core::Expression& condition : on.operands) {
    if (condition.operation != core::Operator::equal || !compares_parts(condition, first_column)) continue;
    const bool is_first = condition.operands[0].column >= first_column;
    const std::size_t column = condition.operands[is_first ? 0 : 1].column - first_column;
    fixed.push_back(core::Expression::comparison(column, core::Operator::equal, ""));
  }
  const std::optional<double> partners = rows_by_key(right.description, fixed);
  return partners && *partners <= 1;
}

/// Whether an index of the new part, or of the only table before it, serves a comparison of the two.
bool is_served_by_index(const Planned& left, const Planned& right, const core::Expression& on,
                        std::size_t first_column) {
  return std::ranges::any_of(on.operands, [&](const core::Expression& condition) {
    if (condition.operation != core::Operator::equal || !compares_parts(condition, first_column)) return false;
    return std::ranges::any_of(condition.operands, [&](const core::Expression& operand) {
      if (operand.column >= first_column) return is_indexed(right.description, operand.column - first_column);
      return left.parts.size() == 1 && is_indexed(left.description, operand.column);
    });
  });
}

/// Whether the remote makes all of the joins and conditions, as the scan will ask again when it begins.
bool can_be_asked(core::Source& source, const core::Scan& scan) {
  return std::ranges::all_of(scan.joins, [&](const core::Join& join) { return source.joins(join); }) &&
         (!scan.where || source.support(*scan.where) == Support::exact) && source.takes(scan);
}

bool is_volatile(const List* clauses) {
  return pg::guard([=] { return contain_volatile_functions(reinterpret_cast<Node*>(const_cast<List*>(clauses))); });
}

/// A path that gives the same rows here.
Path* local_path(const RelOptInfo* join) {
  for (int i = 0; i < list_length(join->pathlist); ++i) {
    const auto* path = static_cast<const Path*>(list_nth(join->pathlist, i));
    if (path->param_info != nullptr) continue;
    if (IsA(path, NestPath)) return copy_of<NestPath>(path);
    if (IsA(path, HashPath)) return copy_of<HashPath>(path);
    if (IsA(path, MergePath)) return copy_of<MergePath>(path);
  }
  return nullptr;
}

}  // namespace

void add_join_path(PlannerInfo* root, RelOptInfo* join, RelOptInfo* outer, RelOptInfo* inner, JoinType type,
                   JoinPathExtraData* extra) {
  const std::optional<JoinKind> kind = kind_of(type);
  if (!kind || join->fdw_private != nullptr || !may_be_joined(root, join, outer, inner)) return;
  const Planned &left = planned(outer), &right = planned(inner);
  std::unique_ptr<Planned> owned = combine(left, right, *kind);
  Planned& both = *owned;
  const std::unique_ptr<Lease> connection = lease(both.server, both.role);
  core::Source* source = source_of(*connection, both);
  if (source == nullptr) return;
  both.description = source->description();
  for (std::size_t i = 0; i < both.description.columns.size(); ++i) both.is_ordered.push_back(source->orders_by(i));
  const auto classified = classify_join_clauses(root, join, both, *source, *kind, extra->restrictlist);
  if (!classified) return;
  if (!both.parts.back().is_visible) {  // from here on
    both.columns = left.columns;
    both.columns.add(both.parts.back().relation, ComparableColumns(), both.parts.back().first_column);
  }
  PlannedJoin& added = both.joins.back();
  const bool are_conditions_its_own = *kind != JoinKind::inner;
  List* wanted = pg::guard([&] {
    added.on = classified->on;
    if (are_conditions_its_own) added.on = list_concat_copy(added.on, right.conditions);
    both.conditions = list_concat_copy(left.conditions, classified->where);
    if (!are_conditions_its_own) both.conditions = list_concat(both.conditions, list_copy(right.conditions));
    both.kept = classified->kept;
    List* needed =
        pull_var_clause(reinterpret_cast<Node*>(extract_actual_clauses(both.kept, false)), PVC_INCLUDE_PLACEHOLDERS);
    return list_concat_copy(join->reltarget->exprs, needed);
  });
  both.all_exact = both.kept == NIL;
  const CombinedScan scan = scan_of(root, both);
  const core::Join& last = scan.scan.joins.back();
  if (!compares_parts(last.on, both.parts.back().first_column) || !can_be_asked(*source, scan.scan)) return;
  if (!can_be_read(both, wanted)) return;
  Path* local = nullptr;
  if (!scan.parameters.empty()) {
    local = local_path(join);
    if (local == nullptr || is_volatile(both.kept)) return;
  }
  double rows = join->rows;
  const bool has_pairs = *kind == JoinKind::inner || *kind == JoinKind::left;
  if (has_pairs && finds_one_row(right, last.on, both.parts.back().first_column)) rows = std::min(rows, outer->rows);
  both.looked_at = left.looked_at + right.looked_at;
  const std::size_t first_column = both.parts.back().first_column;
  if (!source->hashes_joins() && !is_served_by_index(left, right, last.on, first_column)) {
    both.looked_at += outer->rows * right.looked_at * compared_row;
  }
  RemoteWork work;
  work.table_rows = both.looked_at;
  work.width = join->reltarget->width;
  pg::guard([&] {
    work.sent_rows = rows;
    if (both.kept != NIL) {
      const double kept = clauselist_selectivity(root, both.kept, 0, JOIN_INNER, nullptr);
      work.sent_rows = clamp_row_est(rows / std::max(kept, 1e-6));
    }
    cost_qual_eval(&work.local, both.kept, root);
  });
  const auto add = [&](List* keys) {
    work.is_sorted = keys != NIL;
    const PathCost cost = path_cost(work);
    pg::guard([&] {
      // What is run instead must keep what the path promises.
      Path* instead = local;
      if (local != nullptr && keys != NIL) {
        instead = reinterpret_cast<Path*>(create_sort_path(root, join, local, keys, -1.0));
      }
      add_path(join, reinterpret_cast<Path*>(
                         connector_foreign_join_path(root, join, rows, cost.startup, cost.total, keys, instead)));
    });
  };
  const bool is_order_wanted = root->query_pathkeys != NIL && both.all_exact && wants_first_rows(root) &&
                               orders_of(both, join, root->query_pathkeys).has_value();
  // The genetic search for a good order of joins makes relations in memory of its own, and frees it.
  join->fdw_private = pg::give_to(GetMemoryChunkContext(join), std::move(owned));
  add(NIL);
  if (is_order_wanted) add(root->query_pathkeys);
}

ForeignScan* make_join_plan(PlannerInfo* root, RelOptInfo* join, const ForeignPath* path, List* targets, Plan* outer) {
  const Planned& both = planned(join);
  CombinedScan scan = scan_of(root, both);
  scan.relations = shown_relations(both);
  struct Lists {
    List* kept;
    List* scan_targets;
  };
  const Lists lists = pg::guard([&] {
    List* kept = extract_actual_clauses(both.kept, false);
    // The targets of the uppermost join may be expressions by now.
    List* columns = pull_var_clause(reinterpret_cast<Node*>(join->reltarget->exprs), PVC_RECURSE_PLACEHOLDERS);
    columns = list_concat(columns, pull_var_clause(reinterpret_cast<Node*>(kept), PVC_RECURSE_PLACEHOLDERS));
    return Lists{kept, add_to_flat_tlist(NIL, columns)};
  });
  for (int i = 0; i < list_length(lists.scan_targets); ++i) {
    const auto* target = static_cast<const TargetEntry*>(list_nth(lists.scan_targets, i));
    const auto* column = castNode(Var, target->expr);
    const std::size_t index = source_column(both, column).value();
    const auto found = std::ranges::find(scan.scan.columns, index);
    const auto place = static_cast<std::size_t>(found - scan.scan.columns.begin());
    if (found == scan.scan.columns.end()) {
      scan.scan.columns.push_back(index);
      scan.columns.push_back({column->vartype, column->vartypmod, {}});
    }
    scan.columns[place].attributes.push_back(i);
  }
  if (path->path.pathkeys != NIL) {
    const auto orders = orders_of(both, join, path->path.pathkeys).value();
    for (const PlannedOrder& order : orders) {
      scan.scan.order_by.push_back({both.columns.index(order.relation, order.attribute).value(), order.descending,
                                    order.nulls_first ? core::Nulls::first : core::Nulls::last});
    }
  }
  if (both.all_exact && limit_counts_rows_of(root, join, path->path)) {
    scan.limit = reinterpret_cast<Expr*>(root->parse->limitCount);
    scan.offset = reinterpret_cast<Expr*>(root->parse->limitOffset);
  }
  return combined_plan(both, std::move(scan), targets, lists.scan_targets, lists.kept, outer);
}

}  // namespace connector::fdw
