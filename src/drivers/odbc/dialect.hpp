// How the statements of scans are written, for the databases that are known and for any other.
#pragma once

#include <string>
#include <string_view>

#include "core/remote/dialect.hpp"
#include "drivers/odbc/driver_traits.hpp"

namespace connector::odbc {

/// Lives as long as the process.
const core::Dialect& dialect(Database database) noexcept;

/// Whether the database takes a condition, an order and a limit in its statements; else only the names of columns and
/// of a table.
constexpr bool takes_scans(Database database) noexcept {
  return database != Database::mdbtools;
}

/// Whether its statements have a limit that is known.
constexpr bool takes_limits(Database database) noexcept {
  return database != Database::mdbtools && database != Database::other;
}

/// Whether it counts rows and values as PostgreSQL does. What else it computes is the dialect's affair.
constexpr bool takes_aggregates(Database database) noexcept {
  return database != Database::mdbtools && database != Database::other;
}

/// Whether tables are joined there. Columns of SQLite may hold anything whatever their type is, and of others nothing
/// was tried.
constexpr bool takes_joins(Database database) noexcept {
  return database == Database::postgres || database == Database::mysql || database == Database::sqlserver;
}

/// What sessions of MySQL set max_sort_length to: the bytes of a value that are sorted, with four more for their
/// number.
constexpr std::size_t most_sorted_bytes = 4096;
constexpr std::size_t max_sort_length = most_sorted_bytes + 4;

/// Whether the database puts the values of a column in order by all of their bytes: MySQL takes no more than
/// max_sort_length.
bool sorts_whole(Database database, const core::RemoteColumn& column) noexcept;

/// How the database compares a text column of this type: the value of RemoteColumn::collation that lets the dialect
/// compare it; empty = not known, or it can't be compared at all.
std::string_view collation_of(Database database, std::string_view type_name) noexcept;

}  // namespace connector::odbc
