#include "fdw/plan/combined_scan.hpp"

#include "pg/guard.hpp"
#include "reader/messages.hpp"

extern "C" {
#include "nodes/pg_list.h"
#include "nodes/value.h"
}

namespace connector::fdw {

namespace {

/// The places in fdw_private.
enum Fact {
  fact_tables,
  fact_scan,
  fact_parameters,
  fact_columns,
  fact_averages,
  fact_limits,
  fact_relations,
  fact_statement
};

List* numbers(const std::vector<int>& all) {
  List* list = NIL;
  for (const int number : all) list = lappend_int(list, number);
  return list;
}

std::vector<int> numbers_in(const List* list) {
  std::vector<int> all;
  for (int i = 0; i < list_length(list); ++i) all.push_back(list_nth_int(list, i));
  return all;
}

const List* list_of(const List* facts, Fact fact) {
  return static_cast<const List*>(list_nth(facts, fact));
}

const char* text_of(const List* facts, Fact fact) {
  return strVal(list_nth(facts, fact));
}

/// A type's OID as a number of a list: no OID is lost in the way to int and back.
int as_int(Oid oid) {
  return static_cast<int>(oid);
}

}  // namespace

bool can_read_aggregate(const core::RemoteColumn& arriving, core::AggregateFunction function,
                        const load::LocalType& declared) {
  const bool is_value = function == core::AggregateFunction::minimum || function == core::AggregateFunction::maximum;
  return !is_value || arriving_type(arriving, declared) == declared;
}

PlanLists plan_lists(const CombinedScan& scan) {
  std::vector<int> parameters, averages, limits;
  for (const Parameter& parameter : scan.parameters) {
    parameters.push_back(as_int(parameter.type));
    parameters.push_back(parameter.is_list ? 1 : 0);
  }
  for (const Average& average : scan.averages) {
    averages.push_back(average.attribute);
    averages.push_back(static_cast<int>(average.sum));
    averages.push_back(static_cast<int>(average.count));
  }
  for (const Expr* count : {scan.limit, scan.offset}) limits.push_back(count != nullptr ? 1 : 0);
  std::vector<std::vector<int>> columns;
  for (const CombinedColumn& column : scan.columns) {
    std::vector<int>& facts = columns.emplace_back();
    facts = {as_int(column.type), column.typmod};
    facts.insert(facts.end(), column.attributes.begin(), column.attributes.end());
  }
  // The JSON by which processes of providers are told of scans.
  const std::string json = reader::to_message(reader::ScanMessage{.source = 0, .scan = scan.scan});
  PlanLists lists;
  pg::guard([&] {
    List *tables = NIL, *read = NIL;
    for (const Oid table : scan.tables) tables = lappend_oid(tables, table);
    for (const std::vector<int>& column : columns) read = lappend(read, numbers(column));
    for (const Parameter& parameter : scan.parameters)
      lists.expressions = lappend(lists.expressions, parameter.expression);
    for (Expr* count : {scan.limit, scan.offset}) {
      if (count != nullptr) lists.expressions = lappend(lists.expressions, count);
    }
    lists.facts = list_make5(tables, makeString(pstrdup(json.c_str())), numbers(parameters), read, numbers(averages));
    lists.facts = lappend(lists.facts, numbers(limits));
    lists.facts = lappend(lists.facts, makeString(pstrdup(scan.relations.c_str())));
    lists.facts = lappend(lists.facts, makeString(pstrdup(scan.statement.c_str())));
  });
  return lists;
}

CombinedScan combined_scan(const ForeignScan* plan) {
  CombinedScan scan;
  const List* facts = plan->fdw_private;
  const List* tables = list_of(facts, fact_tables);
  for (int i = 0; i < list_length(tables); ++i) scan.tables.push_back(list_nth_oid(tables, i));
  scan.scan = reader::scan_message(text_of(facts, fact_scan)).scan;
  int next = 0;
  const auto next_expression = [&] { return static_cast<Expr*>(list_nth(plan->fdw_exprs, next++)); };
  const std::vector<int> parameters = numbers_in(list_of(facts, fact_parameters));
  for (std::size_t i = 0; i + 1 < parameters.size(); i += 2) {
    scan.parameters.push_back({next_expression(), static_cast<Oid>(parameters[i]), parameters[i + 1] != 0});
  }
  const List* columns = list_of(facts, fact_columns);
  for (int i = 0; i < list_length(columns); ++i) {
    const std::vector<int> column = numbers_in(static_cast<const List*>(list_nth(columns, i)));
    scan.columns.push_back({static_cast<Oid>(column.at(0)), column.at(1), {column.begin() + 2, column.end()}});
  }
  const std::vector<int> averages = numbers_in(list_of(facts, fact_averages));
  for (std::size_t i = 0; i + 2 < averages.size(); i += 3) {
    scan.averages.push_back(
        {averages[i], static_cast<std::size_t>(averages[i + 1]), static_cast<std::size_t>(averages[i + 2])});
  }
  const std::vector<int> limits = numbers_in(list_of(facts, fact_limits));
  if (limits.at(0) != 0) scan.limit = next_expression();
  if (limits.at(1) != 0) scan.offset = next_expression();
  scan.relations = text_of(facts, fact_relations);
  scan.statement = text_of(facts, fact_statement);
  return scan;
}

}  // namespace connector::fdw
