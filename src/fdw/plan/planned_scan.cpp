#include "fdw/plan/planned_scan.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "nodes/pg_list.h"
#include "nodes/value.h"
#include "rewrite/rewriteManip.h"
}

namespace connector::fdw {

namespace {

/// The places in fdw_private.
enum Fact { fact_attributes, fact_is_exact, fact_order, fact_limits, fact_statement, fact_keys };

/// Bits of the numbers of an order.
constexpr int descending_bit = 1;
constexpr int nulls_first_bit = 2;

/// The conditions of keys are not among the plan's expressions: PostgreSQL would look for the node that gives their
/// parameters values, and knows none that a CustomScan gives. So it does not renumber the table in them either, which
/// is the first one there.
constexpr int table_in_facts = 1;

Expr* with_table(const Expr* condition, int from, int to) {
  return pg::guard([=] {
    auto* copy = static_cast<Node*>(copyObjectImpl(condition));
    ChangeVarNodes(copy, from, to, 0);
    return reinterpret_cast<Expr*>(copy);
  });
}

std::vector<int> numbers_in(const List* facts, Fact fact) {
  const auto* list = static_cast<const List*>(list_nth(facts, fact));
  std::vector<int> numbers;
  for (int i = 0; i < list_length(list); ++i) numbers.push_back(list_nth_int(list, i));
  return numbers;
}

}  // namespace

PlanLists plan_lists(const PlannedScan& scan, Index relation) {
  PlanLists lists;
  const std::size_t others = scan.conditions.size() - scan.keys;
  pg::guard([&] {
    List *attributes = NIL, *is_exact = NIL, *order = NIL, *limits = NIL, *keys = NIL;
    for (const AttrNumber attribute : scan.attributes) attributes = lappend_int(attributes, attribute);
    for (std::size_t i = 0; i < others; ++i) is_exact = lappend_int(is_exact, scan.is_exact[i] ? 1 : 0);
    for (const PlannedOrder& item : scan.order) {
      order = lappend_int(order, item.attribute);
      order = lappend_int(order, (item.descending ? descending_bit : 0) | (item.nulls_first ? nulls_first_bit : 0));
    }
    for (std::size_t i = 0; i < others; ++i) lists.expressions = lappend(lists.expressions, scan.conditions[i]);
    for (std::size_t i = others; i < scan.conditions.size(); ++i) {
      keys = lappend(keys, with_table(scan.conditions[i], static_cast<int>(relation), table_in_facts));
    }
    for (Expr* count : {scan.limit, scan.offset}) {
      limits = lappend_int(limits, count != nullptr ? 1 : 0);
      if (count != nullptr) lists.expressions = lappend(lists.expressions, count);
    }
    lists.facts = list_make5(attributes, is_exact, order, limits, makeString(pstrdup(scan.statement.c_str())));
    lists.facts = lappend(lists.facts, keys);
  });
  return lists;
}

PlannedScan planned_scan(const ForeignScan* plan) {
  PlannedScan scan;
  const List* facts = plan->fdw_private;
  for (const int attribute : numbers_in(facts, fact_attributes)) {
    scan.attributes.push_back(static_cast<AttrNumber>(attribute));
  }
  for (const int exact : numbers_in(facts, fact_is_exact)) scan.is_exact.push_back(exact != 0);
  const std::vector<int> order = numbers_in(facts, fact_order);
  for (std::size_t i = 0; i + 1 < order.size(); i += 2) {
    scan.order.push_back({static_cast<AttrNumber>(order[i]), (order[i + 1] & descending_bit) != 0,
                          (order[i + 1] & nulls_first_bit) != 0});
  }
  int next = 0;
  const auto next_expression = [&] { return static_cast<Expr*>(list_nth(plan->fdw_exprs, next++)); };
  for (std::size_t i = 0; i < scan.is_exact.size(); ++i) scan.conditions.push_back(next_expression());
  const std::vector<int> limits = numbers_in(facts, fact_limits);
  if (limits.at(0) != 0) scan.limit = next_expression();
  if (limits.at(1) != 0) scan.offset = next_expression();
  scan.statement = strVal(list_nth(facts, fact_statement));
  const auto* keys = static_cast<const List*>(list_nth(facts, fact_keys));
  scan.keys = static_cast<std::size_t>(list_length(keys));
  for (int i = 0; i < list_length(keys); ++i) {
    const auto* key = static_cast<const Expr*>(list_nth(keys, i));
    scan.conditions.push_back(with_table(key, table_in_facts, static_cast<int>(plan->scan.scanrelid)));
    scan.is_exact.push_back(false);
  }
  return scan;
}

}  // namespace connector::fdw
