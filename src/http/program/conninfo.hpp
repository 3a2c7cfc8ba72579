// Which database: from the command line, or from a file.
#pragma once

#include <string>

#include "http/database/database.hpp"

namespace connector::http {

/// Throws UsageError for what libpq does not take, and for a password: everybody on the machine sees command lines.
Database conninfo_of_argument(const std::string& text);

/// Throws UsageError for what libpq does not take, and std::runtime_error if the file can't be read, or holds a
/// password and can be read by everybody.
Database conninfo_of_file(const std::string& file);

}  // namespace connector::http
