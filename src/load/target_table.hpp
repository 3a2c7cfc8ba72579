// The local table of an import: its name, its creation, and what it gets when the rows are in.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/connector_spec.hpp"
#include "load/plan.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace connector::load {

/// A schema that the caller may create tables in.
struct TargetSchema {
  Oid oid;
  std::string name;  ///< in the database's encoding
};

/// The schema asked for (UTF-8), or the first of the search path. Throws if it is missing or the current role lacks
/// CREATE on it.
TargetSchema find_target_schema(const std::optional<std::string>& name);

/// What became of the wish for a table name.
struct NameChoice {
  enum class Outcome { create, skip, overwrite } outcome = Outcome::create;
  std::string name;           ///< in the database's encoding
  Oid existing = InvalidOid;  ///< skip, overwrite: the relation that has the name
};

/// Decides the local name by the collision strategy, and takes a lock on it until the transaction's end, so that of two
/// imports at the same time each gets a name of its own. `wanted` is UTF-8.
NameChoice choose_table_name(const TargetSchema& schema, const std::string& wanted, core::CollisionStrategy strategy);

/// Creates the table, NOT NULL included, without key. Returns its OID; its attributes are the plan's columns in order.
Oid create_table(const TargetSchema& schema, const std::string& name, const LoadPlan& plan);

/// Gives a freshly filled table its default columns (if asked for), key and comments, and collects statistics.
/// `has_nulls` tells per column whether a NULL was stored: where that contradicts the remote's NOT NULL, the constraint
/// is dropped with a WARNING.
void finish_table(const TargetSchema& schema, const std::string& name, LoadPlan plan,
                  const std::vector<bool>& has_nulls, const std::string& comment, bool default_columns);

}  // namespace connector::load
