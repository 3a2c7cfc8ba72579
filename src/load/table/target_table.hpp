// The local table of an import: its name, its creation, and what it gets when the rows are in.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "load/read/plan.hpp"
#include "load/table/target.hpp"

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

/// Whether a table of that name (in the database's encoding) can't be made, as a relation or a type has it.
bool is_taken(Oid schema, const std::string& name);

/// Decides the local name by the collision strategy, and takes a lock on it until the transaction's end, so that of two
/// imports at the same time each gets a name of its own. `wanted` is UTF-8.
NameChoice choose_table_name(const TargetSchema& schema, const std::string& wanted, core::CollisionStrategy strategy);

/// Runs a command that creates a relation of that name (in the database's encoding) in the schema. Returns the OID of
/// what it made, whatever event triggers have done to it since, its name included.
Oid create_relation(const TargetSchema& schema, const std::string& name, const std::string& command);

/// Creates the table, NOT NULL included, without key; default columns, if asked for, come first. Returns its OID.
Oid create_table(const TargetSchema& schema, const std::string& name, const LoadPlan& plan, bool default_columns);

/// Where a table is now: event triggers can rename and move it. Throws core::Error (incompatible_schemas) if it is
/// gone.
struct TableName {
  std::string schema;  ///< both in the database's encoding
  std::string name;
  std::string sql() const;  ///< schema.name, quoted
};
TableName table_name(Oid table);

/// Takes NOT NULL off the columns that have it from the remote, for a load that checks each row: values that become
/// NULL on the way are no reason to fail. `fixed` is the index of a column that stays as it is.
void relax_not_null(const RefreshTarget& target, const LoadPlan& plan, std::optional<std::size_t> fixed);

/// Where a NULL was stored (`has_nulls`, for each of the plan's columns) in spite of the remote's NOT NULL, the
/// constraint is dropped with a WARNING; elsewhere it comes back if it was `relaxed`. `target` is the table as it was
/// before. Throws core::Error (cannot_load) for NULLs in a column whose NOT NULL is not the remote's.
void restore_not_null(const RefreshTarget& target, const LoadPlan& plan, const std::vector<bool>& has_nulls,
                      bool relaxed, std::optional<std::size_t> fixed);

/// Fills and indexes the default columns of a freshly filled table (if asked for), adds key and comments, and collects
/// statistics. `has_nulls` tells per column whether a NULL was stored: such a column can't be in the key.
void finish_table(Oid table, LoadPlan plan, const std::vector<bool>& has_nulls, const std::string& comment,
                  bool default_columns);

/// Writes the comments of the source and its columns, what the database's encoding has no characters for excepted.
void add_comments(Oid table, const LoadPlan& plan, const std::string& comment);

/// Calls a function that builds indexes with so much memory for them that an import's memory stays bounded whatever the
/// number of rows.
void with_key_memory(const std::function<void()>& function);

}  // namespace connector::load
