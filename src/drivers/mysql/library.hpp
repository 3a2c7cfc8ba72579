// The client library itself.
#pragma once

#include <string>

namespace connector::mysql {

/// Initialises the library, at the first connection of a process. Its signal handlers stay as they are.
void initialize_library();

/// Name and version of the library in use.
std::string library_version();

}  // namespace connector::mysql
