// The client library itself.
#pragma once

#include <span>
#include <string>

namespace connector::mysql {

/// What the library reads of the environment (the literals of 3.3.19 and 3.4): folders and names of plugins, which are
/// code, the password, port and socket, folders of option files, and a switch that turns off verification. To be hidden
/// from it by core::HiddenEnvironment.
std::span<const char* const> environment_variables() noexcept;

/// Initialises the library, at the first connection of a process. Its signal handlers stay as they are.
void initialize_library();

/// Name and version of the library in use.
std::string library_version();

}  // namespace connector::mysql
