// What unixODBC's configuration says: odbcinst.ini of drivers, odbc.ini of data sources.
#pragma once

#include <sql.h>

#include <string>
#include <vector>

namespace connector::odbc {

/// The names of the drivers in odbcinst.ini.
std::vector<std::string> driver_names(SQLHENV environment);

/// The library of a driver of this name in odbcinst.ini; empty = there is none.
std::string driver_library(const std::string& driver);

/// The library of a data source in odbc.ini, be it named there or by its driver; empty = there is no such data source.
std::string data_source_library(const std::string& data_source);

/// Whether the library has the wide functions of ODBC, those of which the names end in W: loads it. False if it can't
/// be loaded, which the driver manager tells of when it tries.
bool has_wide_functions(const std::string& library);

}  // namespace connector::odbc
