#include "fdw/plan/planned_lookup.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "nodes/pg_list.h"
}

namespace connector::fdw {

namespace {

/// The places in custom_exprs and custom_private.
enum Place { place_join_clauses, place_outer_keys, place_inner_keys };
enum Fact { fact_numbers, fact_parameters, fact_types, fact_outer_hashes, fact_inner_hashes, fact_collations };

}  // namespace

void put_into(CustomScan* plan, const PlannedLookup& lookup) {
  pg::guard([&] {
    List *outer = NIL, *inner = NIL, *parameters = NIL;
    List *types = NIL, *outer_hashes = NIL, *inner_hashes = NIL, *collations = NIL;
    for (const LookupKey& key : lookup.keys) {
      outer = lappend(outer, key.outer);
      inner = lappend(inner, key.inner);
      parameters = lappend_int(parameters, key.parameter);
      types = lappend_oid(types, key.type);
      outer_hashes = lappend_oid(outer_hashes, key.outer_hash);
      inner_hashes = lappend_oid(inner_hashes, key.inner_hash);
      collations = lappend_oid(collations, key.collation);
    }
    plan->custom_exprs = list_make3(lookup.join_clauses, outer, inner);
    plan->custom_private = list_make5(list_make3_int(lookup.type, lookup.first_values, lookup.most_combinations),
                                      parameters, types, outer_hashes, inner_hashes);
    plan->custom_private = lappend(plan->custom_private, collations);
  });
}

PlannedLookup planned_lookup(const CustomScan* plan) {
  const auto expressions = [plan](Place place) { return static_cast<List*>(list_nth(plan->custom_exprs, place)); };
  const auto facts = [plan](Fact fact) { return static_cast<const List*>(list_nth(plan->custom_private, fact)); };
  PlannedLookup lookup;
  lookup.type = static_cast<JoinType>(list_nth_int(facts(fact_numbers), 0));
  lookup.first_values = list_nth_int(facts(fact_numbers), 1);
  lookup.most_combinations = list_nth_int(facts(fact_numbers), 2);
  lookup.join_clauses = expressions(place_join_clauses);
  for (int i = 0; i < list_length(facts(fact_parameters)); ++i) {
    LookupKey key;
    key.outer = static_cast<Expr*>(list_nth(expressions(place_outer_keys), i));
    key.inner = static_cast<Expr*>(list_nth(expressions(place_inner_keys), i));
    key.type = list_nth_oid(facts(fact_types), i);
    key.outer_hash = list_nth_oid(facts(fact_outer_hashes), i);
    key.inner_hash = list_nth_oid(facts(fact_inner_hashes), i);
    key.collation = list_nth_oid(facts(fact_collations), i);
    key.parameter = list_nth_int(facts(fact_parameters), i);
    lookup.keys.push_back(key);
  }
  return lookup;
}

}  // namespace connector::fdw
