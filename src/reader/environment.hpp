// The list of environment variables in the setting connector.reader_environment.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace connector::reader {

/// The items, each NAME=value, of a list in which blanks stand between them; a value that is in double quotes may hold
/// blanks, and quotes that are doubled. Throws std::invalid_argument, with a whole sentence, for a list that is none.
std::vector<std::string> environment_list(std::string_view list);

}  // namespace connector::reader
