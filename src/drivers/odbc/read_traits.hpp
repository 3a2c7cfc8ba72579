// What a connected driver tells of itself and its database.
#pragma once

#include <sql.h>

#include <string>
#include <string_view>

#include "drivers/odbc/driver_traits.hpp"
#include "drivers/odbc/known_drivers.hpp"

namespace connector::odbc {

/// Asks the driver, by SQLGetInfo and SQLGetFunctions. `is_unicode`: it has the wide functions.
DriverTraits read_traits(SQLHDBC connection, const KnownDriver& driver, bool is_unicode);

/// The database by what SQL_DBMS_NAME says.
Database database_of(std::string_view dbms_name) noexcept;

/// A text of SQLGetInfo; empty if the driver does not tell it.
std::string info_text(SQLHDBC connection, SQLUSMALLINT type);

}  // namespace connector::odbc
