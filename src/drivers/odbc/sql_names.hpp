// Names and statements as the driver's database takes them.
#pragma once

#include <string>
#include <string_view>

#include "drivers/odbc/catalog.hpp"
#include "drivers/odbc/driver_traits.hpp"

namespace connector::odbc {

/// In the driver's quotes. Without such, as it is: throws Error (invalid_parameters) if it is more than a name.
std::string quote_name(const DriverTraits& traits, std::string_view name);

/// With the schema or catalog that it names.
std::string quote_table(const DriverTraits& traits, const TableName& name);

/// The statement without a semicolon at its end, comments behind it included. Comments and quoted texts are those that
/// the database has.
std::string_view without_semicolon(std::string_view sql, Database database) noexcept;

/// Whether a statement stands behind a semicolon: for databases in whose statements there are none.
bool has_several_statements(std::string_view sql, Database database) noexcept;

/// Whether it begins as a query that can stand in brackets behind FROM: SELECT, WITH or VALUES, and has no ORDER BY,
/// whose order would be lost, or which is refused there.
bool can_be_derived(std::string_view sql, Database database);

}  // namespace connector::odbc
