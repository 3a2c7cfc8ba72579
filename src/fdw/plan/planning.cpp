#include "fdw/plan/planning.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fdw/plan/combined_planning.hpp"
#include "fdw/plan/key_lookup_planning.hpp"
#include "fdw/plan/planned_relation.hpp"
#include "fdw/plan/remote_costs.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/owned.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace connector::fdw {

using core::Support;

namespace {

Oid role_of([[maybe_unused]] PlannerInfo* root, RelOptInfo* relation) {
  const Oid role = connector_planned_role(root, relation);
  return OidIsValid(role) ? role : GetUserId();
}

/// "public.orders o"
std::string shown_name(PlannerInfo* root, const RelOptInfo* relation, Oid table) {
  return pg::guard([=]() -> const char* {
    const char* schema = get_namespace_name(get_rel_namespace(table));
    const char* name = get_rel_name(table);
    const char* alias = planner_rt_fetch(relation->relid, root)->eref->aliasname;
    const char* qualified = quote_qualified_identifier(schema, name);
    return strcmp(name, alias) == 0 ? qualified : psprintf("%s %s", qualified, quote_identifier(alias));
  });
}

/// Raises what the executor would: a plan is made before it looks, and the login of a view's owner must not be tried
/// for somebody who may not read the view.
void check_permissions(const PlannerInfo* root) {
  pg::guard([=] {
    for (const PlannerInfo* level = root; level != nullptr; level = level->parent_root) {
      connector_check_permissions(level->parse);
    }
  });
}

/// Columns and order of the statement that is shown.
void add_columns_and_order(core::Scan& statement, const Planned& planned, const PlannedScan& scan) {
  const PlannedPart& part = planned.parts[0];
  for (std::size_t i = 0; i < part.table->attributes.size(); ++i) {
    if (std::ranges::find(scan.attributes, part.table->attributes[i]) != scan.attributes.end()) {
      statement.columns.push_back(i);
    }
  }
  for (const PlannedOrder& order : scan.order) {
    statement.order_by.push_back({planned.columns.index(order.relation, order.attribute).value(), order.descending,
                                  order.nulls_first ? core::Nulls::first : core::Nulls::last});
  }
}

}  // namespace

void estimate_size(PlannerInfo* root, RelOptInfo* relation, Oid oid) {
  auto owned = std::make_unique<Planned>();
  Planned& planned = *owned;
  const std::shared_ptr<const ForeignTable> table = foreign_table(oid);
  planned.server = table->server;
  planned.role = role_of(root, relation);
  planned.parts.push_back({.table = table, .relation = relation->relid, .shown = shown_name(root, relation, oid)});
  relation->fdw_private = pg::give_to(root->planner_cxt, std::move(owned));
  check_permissions(root);
  const std::unique_ptr<Lease> connection = lease(planned.server, planned.role);
  core::Source& source = *source_of(*connection, planned);
  planned.description = source.description();
  planned.parts[0].comparable = comparable_columns(*table, planned.description);
  planned.columns.add(relation->relid, planned.parts[0].comparable);
  planned.all_columns = planned.columns;
  const bool may_order = table->options.pushdown != Pushdown::off;
  for (std::size_t i = 0; i < planned.description.columns.size(); ++i) {
    planned.is_ordered.push_back(may_order && source.orders_by(i));
  }
  ClassifiedClauses classified;
  classify_clauses(root, planned, source, relation->baserestrictinfo, classified);
  const std::optional<std::int64_t>& estimate = planned.description.estimated_rows;
  // The remote's present estimate is better than what an ANALYZE here once counted.
  if (estimate && *estimate >= 0) {
    relation->tuples = clamp_row_est(static_cast<double>(*estimate));
  } else if (relation->tuples < 0) {
    relation->tuples = default_rows;
  }
  pg::guard([&] { set_baserel_size_estimates(root, relation); });
  if (const auto rows = rows_by_key(planned.description, classified.expressions)) {
    relation->rows = clamp_row_est(std::min(relation->rows, *rows));
  }
  planned.conditions = classified.sent;
  planned.all_exact = classified.all_exact && may_order;
  planned.looked_at = serves_index(planned.description, classified.expressions) ? relation->rows : relation->tuples;
}

namespace {

PathCost cost_of(PlannerInfo* root, RelOptInfo* relation, const Planned& planned, const ClassifiedClauses& classified,
                 double rows, bool is_sorted) {
  RemoteWork work;
  work.table_rows = relation->tuples;
  work.has_index = serves_index(planned.description, classified.expressions);
  work.width = relation->reltarget->width;
  pg::guard([&] {
    work.sent_rows = clamp_row_est(relation->tuples * clauselist_selectivity(root, classified.sent,
                                                                             static_cast<int>(relation->relid),
                                                                             JOIN_INNER, nullptr));
    cost_qual_eval(&work.local, classified.kept, root);
  });
  if (const auto by_key = rows_by_key(planned.description, classified.expressions)) {
    work.sent_rows = std::min(work.sent_rows, *by_key);
  }
  work.sent_rows = std::max(work.sent_rows, rows);
  work.is_sorted = is_sorted;
  return path_cost(work);
}

void add(PlannerInfo* root, RelOptInfo* relation, double rows, PathCost cost, List* keys, Relids outer) {
  pg::guard([&] {
    add_path(relation, reinterpret_cast<Path*>(
                           connector_foreign_path(root, relation, rows, cost.startup, cost.total, keys, outer)));
  });
}

/// What a callback of generate_implied_equalities_for_column() looks for.
struct Member {
  Expr* current = nullptr;
  List* used = NIL;
};

bool is_our_column(PlannerInfo* root, RelOptInfo* relation, EquivalenceClass* /*classes*/, EquivalenceMember* member,
                   void* argument) {
  auto* wanted = static_cast<Member*>(argument);
  Expr* expression = member->em_expr;
  if (wanted->current != nullptr) return equal(expression, wanted->current);
  if (list_member(wanted->used, expression)) return false;
  if (!bms_equal(pull_varnos(root, reinterpret_cast<Node*>(expression)), relation->relids)) return false;
  wanted->current = expression;
  return true;
}

/// The clauses by which rows of other relations could give values for the conditions of a scan.
List* join_clauses(PlannerInfo* root, RelOptInfo* relation) {
  return pg::guard([=] {
    List* clauses = NIL;
    for (int i = 0; i < list_length(relation->joininfo); ++i) {
      auto* clause = static_cast<RestrictInfo*>(list_nth(relation->joininfo, i));
      if (join_clause_is_movable_to(clause, relation)) clauses = lappend(clauses, clause);
    }
    if (relation->has_eclass_joins) {
      Member member;
      while (true) {
        member.current = nullptr;
        List* implied = generate_implied_equalities_for_column(root, relation, is_our_column, &member,
                                                               relation->lateral_referencers);
        if (member.current == nullptr) break;
        for (int i = 0; i < list_length(implied); ++i) {
          auto* clause = static_cast<RestrictInfo*>(list_nth(implied, i));
          if (join_clause_is_movable_to(clause, relation)) clauses = lappend(clauses, clause);
        }
        member.used = lappend(member.used, member.current);
      }
    }
    return clauses;
  });
}

void add_parameterized_paths(PlannerInfo* root, RelOptInfo* relation, const Planned& planned, core::Source& source,
                             const ClassifiedClauses& of_table) {
  List* clauses = join_clauses(root, relation);
  List* outers = NIL;  // of ParamPathInfos, each for other relations
  for (int i = 0; i < list_length(clauses); ++i) {
    const auto* clause = static_cast<const RestrictInfo*>(list_nth(clauses, i));
    if (condition_of(root, planned, source, clause).support == Support::none) continue;
    pg::guard([&] {
      Relids outer = bms_union(clause->clause_relids, relation->lateral_relids);
      outer = bms_del_member(outer, static_cast<int>(relation->relid));
      if (bms_is_empty(outer)) return;
      outers = list_append_unique_ptr(outers, get_baserel_parampathinfo(root, relation, outer));
    });
  }
  for (int i = 0; i < list_length(outers); ++i) {
    auto* parameters = static_cast<ParamPathInfo*>(list_nth(outers, i));
    ClassifiedClauses classified = of_table;
    pg::guard([&] {
      classified.sent = list_copy(of_table.sent);
      classified.kept = list_copy(of_table.kept);
    });
    classify_clauses(root, planned, source, parameters->ppi_clauses, classified);
    double rows = parameters->ppi_rows;
    if (const auto by_key = rows_by_key(planned.description, classified.expressions)) rows = std::min(rows, *by_key);
    rows = clamp_row_est(rows);
    parameters->ppi_rows = rows;
    add(root, relation, rows, cost_of(root, relation, planned, classified, rows, false), NIL,
        parameters->ppi_req_outer);
  }
}

/// Whether the remote can give the query's order, and it is worth asking: what the remote has to sort is classified
/// here as well, unless only the first rows are wanted.
bool is_order_wanted(const PlannerInfo* root, const RelOptInfo* relation, const Planned& planned) {
  const auto orders = orders_of(planned, relation, root->query_pathkeys);
  if (!orders) return false;
  const PlannedOrder& first = orders->front();
  return wants_first_rows(root) ||
         is_indexed(planned.description, planned.columns.index(first.relation, first.attribute).value());
}

}  // namespace

void add_paths(PlannerInfo* root, RelOptInfo* relation) {
  const Planned& planned = fdw::planned(relation);
  const std::unique_ptr<Lease> connection = lease(planned.server, planned.role);
  core::Source& source = *source_of(*connection, planned);
  ClassifiedClauses classified;
  classify_clauses(root, planned, source, relation->baserestrictinfo, classified);
  add(root, relation, relation->rows, cost_of(root, relation, planned, classified, relation->rows, false), NIL,
      relation->lateral_relids);
  if (root->query_pathkeys != NIL && classified.all_exact && is_order_wanted(root, relation, planned)) {
    add(root, relation, relation->rows, cost_of(root, relation, planned, classified, relation->rows, true),
        root->query_pathkeys, relation->lateral_relids);
  }
  add_parameterized_paths(root, relation, planned, source, classified);
}

ForeignScan* make_plan(PlannerInfo* root, RelOptInfo* relation, const ForeignPath* path, List* targets, List* clauses,
                       Plan* outer) {
  if (relation->relid == 0) return make_combined_plan(root, relation, path, targets, outer);
  Planned& planned = fdw::planned(relation);
  const std::unique_ptr<Lease> connection = lease(planned.server, planned.role);
  core::Source& source = *source_of(*connection, planned);
  ClassifiedClauses classified;
  classify_clauses(root, planned, source, clauses, classified);
  PlannedScan scan;
  List* kept = pg::guard([&] { return extract_actual_clauses(classified.kept, false); });
  List* exact = NIL;
  const ForeignTable& table = *planned.parts[0].table;
  ConditionReader reader(planned.columns, root);
  core::Scan statement;
  std::vector<core::Expression> conditions;  // with parameters numbered throughout
  for (int i = 0; i < list_length(classified.sent); ++i) {
    const auto* clause = static_cast<const RestrictInfo*>(list_nth(classified.sent, i));
    const bool is_exact = classified.is_exact[static_cast<std::size_t>(i)];
    scan.conditions.push_back(clause->clause);
    scan.is_exact.push_back(is_exact);
    if (is_exact) pg::guard([&] { exact = lappend(exact, clause->clause); });
    conditions.push_back(*reader.read(reinterpret_cast<const Node*>(clause->clause)));
  }
  for (Expr* clause : key_conditions(root, path)) {
    scan.conditions.push_back(clause);
    scan.is_exact.push_back(false);
    ++scan.keys;
    conditions.push_back(*reader.read(reinterpret_cast<const Node*>(clause)));
  }
  if (!conditions.empty()) statement.where = core::Expression::all_of(std::move(conditions));
  pg::guard([&] {
    Bitmapset* needed = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(relation->reltarget->exprs), relation->relid, &needed);
    pull_varattnos(reinterpret_cast<Node*>(kept), relation->relid, &needed);
    const bool whole = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, needed);
    for (const AttrNumber attribute : table.attributes) {
      if (whole || bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, needed)) {
        scan.attributes.push_back(attribute);
      }
    }
  });
  const List* keys = path->path.pathkeys;
  if (keys != NIL) scan.order = orders_of(planned, relation, keys).value();
  const bool may_limit = classified.all_exact && table.options.pushdown != Pushdown::off;
  if (may_limit && limit_counts_rows_of(root, relation, path->path)) {
    scan.limit = reinterpret_cast<Expr*>(root->parse->limitCount);
    scan.offset = reinterpret_cast<Expr*>(root->parse->limitOffset);
  }
  add_columns_and_order(statement, planned, scan);
  if (const auto rows = constant_limit(scan.limit, scan.offset)) statement.limit = *rows;
  scan.statement = pg::server_text(source.statement(statement));
  const PlanLists lists = plan_lists(scan, relation->relid);
  return pg::guard([&] {
    return make_foreignscan(targets, kept, relation->relid, lists.expressions, lists.facts, NIL, exact, outer);
  });
}

}  // namespace connector::fdw
