// FreeTDS's db-lib itself.
//
// db-lib rather than ct-lib or the ODBC driver: it hands out the values of a row in binary form without copying them
// (dbdata()), and its attention to the server works in every packaged version. All three stand on the same libtds.
#pragma once

#include <string>

namespace connector::sqlserver {

/// Initialises the library, at the first connection of a process. Signal handlers stay as they are.
void initialize_library();

/// Name and version of the library in use.
std::string library_version();

}  // namespace connector::sqlserver
