// Pieces of SQL about rows of a table and rows that were loaded beside it.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

/// The column's name, quoted, in the database's encoding.
std::string quoted(const PlannedColumn& column);

/// The columns of a row as one value, to be compared as it is stored (`*=`, `*<>`): every type can be, and what is
/// equal but shown differently is a difference, too.
std::string record(const std::vector<std::string>& columns, const std::string& prefix);

/// That the columns of two rows are stored alike, or not, by functions: a statement that Citus passes on has lost the
/// casts to record, and there are no such operators for single values.
std::string images_equal(const std::vector<std::string>& columns, const std::string& left, const std::string& right);
std::string images_differ(const std::vector<std::string>& columns, const std::string& left, const std::string& right);

/// The type's own equality as an SQL operator, wherever it is; empty if it has none.
std::string equality_of(Oid type);

/// That of a key's column. Throws core::Error (invalid_parameters) if it has none.
std::string equality(const PlannedColumn& column);

/// Quoted names of the key's columns; `key` has indexes into the plan's columns.
std::vector<std::string> key_names(const LoadPlan& plan, const std::vector<std::size_t>& key);

/// `left.a = right.a AND …` for the key's columns.
std::string same_key(const LoadPlan& plan, const std::vector<std::size_t>& key, const std::string& left,
                     const std::string& right);

}  // namespace connector::load
