#include "load/table/immediate_constraints.hpp"

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/lsyscache.h"
}

namespace connector::load {

namespace {

/// SET CONSTRAINTS takes a schema and a name, and means all constraints of that name, with those of partitions that
/// were made from them. Their tables are told, since events that wait there would fire.
constexpr const char* constraints_query =
    "WITH RECURSIVE reached (relation) AS (SELECT $1 UNION SELECT n.relation FROM reached r CROSS JOIN LATERAL ("
    "SELECT c.conrelid FROM pg_constraint c WHERE c.confrelid = r.relation AND c.contype = 'f' "
    "UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.relation) AS n (relation)), "
    "named AS (SELECT c.connamespace AS schema, c.conname AS name, bool_or(c.condeferred) AS deferred, "
    "min(t.relowner) AS owner FROM pg_constraint c JOIN reached r ON r.relation = c.conrelid "
    "JOIN pg_class t ON t.oid = c.conrelid WHERE c.condeferrable GROUP BY 1, 2), "
    "meant (schema, name, oid, conrelid, confrelid) AS (SELECT n.schema, n.name, c.oid, c.conrelid, c.confrelid "
    "FROM named n JOIN pg_constraint c ON c.connamespace = n.schema AND c.conname = n.name "
    "UNION SELECT m.schema, m.name, c.oid, c.conrelid, c.confrelid FROM meant m "
    "JOIN pg_constraint c ON c.conparentid = m.oid) "
    "SELECT n.owner, format('%I.%I', s.nspname, n.name), "
    "n.deferred AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.connamespace = n.schema AND c.conname = n.name "
    "AND NOT c.condeferrable), "
    "(SELECT string_agg(DISTINCT u.relation::text, ' ') FROM meant m "
    "CROSS JOIN LATERAL (VALUES (m.conrelid), (m.confrelid)) AS u (relation) "
    "WHERE m.schema = n.schema AND m.name = n.name AND u.relation <> 0) "
    "FROM named n JOIN pg_namespace s ON s.oid = n.schema ORDER BY 2";

void check_no_event_waits(const std::string& relations) {
  std::size_t from = 0;
  while (from < relations.size()) {
    const std::size_t to = std::min(relations.find(' ', from), relations.size());
    const Oid relation = pg::read_oid(relations.substr(from, to - from));
    from = to + 1;
    if (!pg::guard([relation] { return AfterTriggerPendingOnRel(relation); })) continue;
    const char* name = pg::guard([relation] { return get_rel_name(relation); });
    throw core::Error(core::ErrorNumber::cannot_load,
                      "deferred triggers of table \"" + pg::utf8_text(name != nullptr ? name : "?") +
                          "\" have yet to fire in this transaction",
                      "A refresh checks deferrable constraints at once, and these would fire with it.",
                      "Commit first, or fire them with SET CONSTRAINTS ALL IMMEDIATE.");
  }
}

}  // namespace

ImmediateConstraints::ImmediateConstraints(const RefreshTarget& target) {
  const pg::SqlRows rows = pg::catalog_query(constraints_query, {{OIDOID, std::to_string(target.oid)}});
  for (const auto& row : rows) check_no_event_waits(row[3].value_or(""));
  for (const auto& row : rows) {
    constraints_.push_back({pg::read_oid(row[0]), *row[1], *row[2] == "t"});
    set(constraints_.back(), "IMMEDIATE");
  }
}

void ImmediateConstraints::put_back() {
  for (const Constraint& constraint : constraints_) {
    if (constraint.deferred) set(constraint, "DEFERRED");
  }
}

void ImmediateConstraints::set(const Constraint& constraint, const char* when) {
  const pg::ActAs owner(constraint.owner, SECURITY_RESTRICTED_OPERATION);
  pg::execute("SET CONSTRAINTS " + constraint.sql + " " + when);
}

}  // namespace connector::load
