// What a new table gets of its source's indexes, defaults and foreign keys. All SQL is made here: of the source come
// names, which are quoted, and constants, which the input functions of the local types read. Names of indexes and
// constraints are PostgreSQL's own, as those of the source need not differ here.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "load/read/local_type.hpp"
#include "load/read/plan.hpp"

namespace connector::load {

/// SQL for a default of the source, in the database's encoding, as a value of the type. Empty if there is none, and
/// `left_out` says why.
std::string default_expression(const core::ColumnDefault& value, const LocalType& type, std::string& left_out);

/// Gives a filled table the defaults and indexes that its source was described with. Returns which have no equivalent
/// here, or don't fit, and why: "index "a" is left out: …", and tells so with one NOTICE.
std::vector<std::string> add_kept_parts(Oid table, const LoadPlan& plan, const core::SourceDescription& source);

/// Those of the source that have an equivalent here. The others are told of likewise, and added to `left_out`.
std::vector<PlannedForeignKey> plan_foreign_keys(const LoadPlan& plan, const core::SourceDescription& source,
                                                 std::vector<std::string>& left_out);

/// Adds a foreign key that refers to these columns (local names) of `referenced`. Returns why it could not be done, in
/// UTF-8; nothing if it was. `owner` is whom the table has to belong to, where it may have changed since it was filled:
/// casts of its columns' types run. Throws core::Error if it belongs to somebody else, or is gone.
std::optional<std::string> add_foreign_key(Oid table, std::optional<Oid> owner, const PlannedForeignKey& key,
                                           Oid referenced, const std::vector<std::string>& referenced_columns);

}  // namespace connector::load
