#include "fdw/plan/combined_plan.hpp"

#include <utility>

#include "fdw/plan/outdated_plan.hpp"
#include "fdw/plan/remote_costs.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "optimizer/planmain.h"
}

namespace connector::fdw {

namespace {

/// All of a list of RestrictInfos, each of which the remote can be asked.
core::Expression all_of(ConditionReader& reader, const List* clauses) {
  std::vector<core::Expression> conditions;
  for (int i = 0; i < list_length(clauses); ++i) {
    const auto* clause = static_cast<const RestrictInfo*>(list_nth(clauses, i));
    conditions.push_back(reader.read(reinterpret_cast<const Node*>(clause->clause)).value());
  }
  return core::Expression::all_of(std::move(conditions));
}

const char* join_words(core::JoinKind kind) {
  switch (kind) {
    case core::JoinKind::inner:
      return " INNER JOIN ";
    case core::JoinKind::left:
      return " LEFT JOIN ";
    case core::JoinKind::semi:
      return " SEMI JOIN ";
    case core::JoinKind::anti:
      return " ANTI JOIN ";
  }
  return "";
}

}  // namespace

CombinedScan scan_of(PlannerInfo* root, const Planned& planned) {
  CombinedScan scan;
  ConditionReader reader(planned.all_columns, root);
  for (const PlannedPart& part : planned.parts) scan.tables.push_back(part.table->oid);
  for (const PlannedJoin& join : planned.joins) scan.scan.joins.push_back({join.kind, all_of(reader, join.on)});
  if (planned.conditions != NIL) scan.scan.where = all_of(reader, planned.conditions);
  scan.parameters = reader.parameters();
  return scan;
}

bool has_parameters(PlannerInfo* root, const Planned& planned) {
  return !scan_of(root, planned).parameters.empty();
}

std::string shown_relations(const Planned& planned) {
  std::string shown = planned.parts.size() > 1 ? '(' + planned.parts[0].shown + ')' : planned.parts[0].shown;
  for (std::size_t i = 0; i < planned.joins.size(); ++i) {
    shown += join_words(planned.joins[i].kind) + ('(' + planned.parts[i + 1].shown + ')');
  }
  return shown;
}

ForeignScan* combined_plan(const Planned& planned, CombinedScan scan, List* targets, List* scan_targets, List* kept,
                           Plan* outer) {
  const std::unique_ptr<Lease> connection = lease(planned.server, planned.role);
  core::Scan statement = scan.scan;
  if (const auto rows = constant_limit(scan.limit, scan.offset)) statement.limit = *rows;
  core::Source* source = source_of(*connection, planned);
  if (source == nullptr) plan_is_outdated();
  scan.statement = pg::server_text(source->statement(statement));
  const PlanLists lists = plan_lists(scan);
  return pg::guard([&] {
    if (outer != nullptr) outer = change_plan_targetlist(outer, scan_targets, outer->parallel_safe);
    return make_foreignscan(targets, kept, 0, lists.expressions, lists.facts, scan_targets, NIL, outer);
  });
}

}  // namespace connector::fdw
