// The connection string, made of the options of a request.
#pragma once

#include <sql.h>

#include <string>
#include <string_view>

#include "core/remote/connection_options.hpp"
#include "drivers/odbc/known_drivers.hpp"

namespace connector::odbc {

/// Throws Error (invalid_parameters) unless exactly one of `driver` and `dsn` is there, as a name that can't be taken
/// for something else, and a driver is one of odbcinst.ini.
void check_driver_options(const core::ConnectionOptions& options, SQLHENV environment);

/// The attributes of the request, and the defaults of the driver for those that are not there. Values are escaped: none
/// can become an attribute. Throws Error (invalid_parameters) for names that are none of an attribute, for those that
/// have a key of their own, and for values that the driver can't be told.
std::string connection_string(const core::ConnectionOptions& options, const KnownDriver& driver);

/// `value` in braces.
std::string in_braces(std::string_view value);

}  // namespace connector::odbc
