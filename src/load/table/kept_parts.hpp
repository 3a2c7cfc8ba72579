// What a new table gets of its source's indexes, defaults and foreign keys. All SQL is made here: of the source come
// names, which are quoted, and constants, which the input functions of the local types read. Names of indexes and
// constraints are PostgreSQL's own, as those of the source need not differ here.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "load/read/plan.hpp"

namespace connector::load {

/// Gives a filled table the defaults and indexes that its source was described with. Tells with one NOTICE which have
/// no equivalent here, or don't fit.
void add_kept_parts(Oid table, const LoadPlan& plan, const core::SourceDescription& source);

/// Those of the source that have an equivalent here; a NOTICE tells of the others.
std::vector<PlannedForeignKey> plan_foreign_keys(const LoadPlan& plan, const core::SourceDescription& source);

/// Adds a foreign key that refers to these columns (local names) of `referenced`. Returns why it could not be done, in
/// UTF-8; nothing if it was. `owner` is whom the table has to belong to, where it may have changed since it was filled:
/// casts of its columns' types run. Throws core::Error if it belongs to somebody else, or is gone.
std::optional<std::string> add_foreign_key(Oid table, std::optional<Oid> owner, const PlannedForeignKey& key,
                                           Oid referenced, const std::vector<std::string>& referenced_columns);

}  // namespace connector::load
